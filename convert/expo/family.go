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
	Labels []prom.Label // sorted by name, without the sample's name, no empty values
	Value  float64
	// Time is in milliseconds since 1970. It counts only if HasTime is set.
	Time     int64
	HasTime  bool
	Exemplar *prom.Exemplar // nil if the sample has none
}

// Family is a metric family with its samples.
type Family struct {
	prom.Family
	Samples   []Sample
	PCPMetric *history.Metric // the PCP metric that the family is made from; nil if there is none
}

// suffixes has, by type of family, the suffixes that the names of its samples may
// have. The bare name of the family is always allowed.
var suffixes = map[string][]string{
	prom.TypeCounter:        {"_total", "_created"},
	prom.TypeHistogram:      {"_bucket", "_sum", "_count", "_created"},
	prom.TypeGaugeHistogram: {"_bucket", "_gsum", "_gcount"},
	prom.TypeSummary:        {"_sum", "_count", "_created"},
	prom.TypeInfo:           {"_info"},
}

// isMember reports whether a family may have a sample of the given name.
func isMember(sample string, f *prom.Family) bool {
	suffix, ok := strings.CutPrefix(sample, f.Name)
	return ok && (suffix == "" || slices.Contains(suffixes[f.Type], suffix))
}

// familyOf returns the family of a series, or one of unknown type with the name of
// its samples if the family is not known.
func familyOf(s *prom.Series) *prom.Family {
	if s.Family != nil {
		return s.Family
	}
	return &prom.Family{Name: s.Name, Type: prom.TypeUnknown}
}
