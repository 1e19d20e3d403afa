package prom

import "strings"

// Label is a Prometheus label.
type Label struct{ Name, Value string }

// Family is a Prometheus metric family.
type Family struct {
	Name string
	Type string // counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown
	Help string
	Unit string
}

// The family types.
const (
	TypeCounter        = "counter"
	TypeGauge          = "gauge"
	TypeHistogram      = "histogram"
	TypeGaugeHistogram = "gaugehistogram"
	TypeSummary        = "summary"
	TypeInfo           = "info"
	TypeStateset       = "stateset"
	TypeUnknown        = "unknown"
)

// labelKey tells series of one metric apart.
func LabelsKey(labels []Label) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(l.Name)
		b.WriteByte(0xff) // in no UTF-8 text
		b.WriteString(l.Value)
		b.WriteByte(0xff)
	}
	return b.String()
}
