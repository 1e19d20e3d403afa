package expo

import (
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// Sample is one value of a series.
type Sample struct {
	Name   string
	Labels []prom.Label // sorted by name, without the sample's name, none empty
	Value  float64
	// Time is in milliseconds; HasTime is false where none is known.
	Time    int64
	HasTime bool
	// Exemplar is nil where there is none.
	Exemplar *prom.Exemplar
}

// Family is a metric family with its samples.
type Family struct {
	prom.Family
	Samples []Sample
	// Origin is the PCP metric that it was made of; nil if none.
	PCPMetric *history.Metric
}

// suffixes are what the names of a family's samples may have beyond the
// family's own, by its type. A sample may always have the bare name.
var suffixes = map[string][]string{
	prom.TypeCounter:        {"_total", "_created"},
	prom.TypeHistogram:      {"_bucket", "_sum", "_count", "_created"},
	prom.TypeGaugeHistogram: {"_bucket", "_gsum", "_gcount"},
	prom.TypeSummary:        {"_sum", "_count", "_created"},
	prom.TypeInfo:           {"_info"},
}

// isMember reports whether a sample's name is one that a family may have.
func isMember(sample string, f *prom.Family) bool {
	suffix, ok := strings.CutPrefix(sample, f.Name)
	return ok && (suffix == "" || slices.Contains(suffixes[f.Type], suffix))
}

// familyOf returns the family of a series; where nobody knows it, one of its own
// and of unknown type.
func familyOf(s *prom.Series) *prom.Family {
	if s.Family != nil {
		return s.Family
	}
	return &prom.Family{Name: s.Name, Type: prom.TypeUnknown}
}
