package nativemap

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// template is text in which {label} and {label|lower} stand for the value of a
// label.
type template []piece

type piece struct {
	text  string // before the label
	label string // "": none
	lower bool
}

func parseTemplate(s string) template {
	var t template
	for s != "" {
		before, rest, found := strings.Cut(s, "{")
		label, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(t, piece{text: s})
		}
		p := piece{text: before}
		p.label, p.lower = strings.CutSuffix(label, "|lower")
		t, s = append(t, p), after
	}
	return t
}

// expand returns the text for a series, and whether it has all the labels.
func (t template) expand(labels []prom.Label) (string, bool) {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
		if p.label == "" {
			continue
		}
		v := valueOf(labels, p.label)
		if v == "" {
			return "", false
		}
		if p.lower {
			v = strings.ToLower(v)
		}
		b.WriteString(v)
	}
	return b.String(), true
}

// valueOf returns the value of a label, "" if there is none.
func valueOf(labels []prom.Label, name string) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}
