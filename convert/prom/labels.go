package prom

import "strings"

// maxLabel is the longest label name or value, in bytes, that Prometheus' label
// type holds. It keeps sizes in 24 bits and panics at longer ones.
const maxLabel = 1<<24 - 1

// FitsLabel reports whether a label name or value is short enough for
// Prometheus' label type.
func FitsLabel(s string) bool { return len(s) <= maxLabel }

// Label is a Prometheus label.
type Label struct{ Name, Value string }

// LabelsKey returns a map key for labels that are sorted by name. Two label sets
// of valid UTF-8 are equal if and only if their keys are.
func LabelsKey(labels []Label) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(l.Name)
		b.WriteByte(0xff) // never occurs in UTF-8 text
		b.WriteString(l.Value)
		b.WriteByte(0xff)
	}
	return b.String()
}
