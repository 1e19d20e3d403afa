package expo

import (
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
)

// Sample is one value of a series.
type Sample struct {
	Name   string
	Labels []convert.Label // sorted by name, without the sample's name, none empty
	Value  float64
	// Time is in milliseconds; HasTime is false where none is known.
	Time    int64
	HasTime bool
	// Exemplar is nil where there is none.
	Exemplar *convert.Exemplar
}

// Family is a metric family with its samples.
type Family struct {
	convert.Family
	Samples []Sample
	// Origin is the PCP metric that it was made of; nil if none.
	Origin *archive.Metric
}

// suffixes are what the names of a family's samples may have beyond the
// family's own, by its type. A sample may always have the bare name.
var suffixes = map[string][]string{
	convert.TypeCounter:        {"_total", "_created"},
	convert.TypeHistogram:      {"_bucket", "_sum", "_count", "_created"},
	convert.TypeGaugeHistogram: {"_bucket", "_gsum", "_gcount"},
	convert.TypeSummary:        {"_sum", "_count", "_created"},
	convert.TypeInfo:           {"_info"},
}

// isMember reports whether a sample's name is one that a family may have.
func isMember(sample string, f *convert.Family) bool {
	suffix, ok := strings.CutPrefix(sample, f.Name)
	return ok && (suffix == "" || slices.Contains(suffixes[f.Type], suffix))
}

// familyOf returns the family of a series; where nobody knows it, one of its own
// and of unknown type.
func familyOf(s *convert.PromSeries) *convert.Family {
	if s.Family != nil {
		return s.Family
	}
	return &convert.Family{Name: s.Name, Type: convert.TypeUnknown}
}
