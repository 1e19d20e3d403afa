package expo

import (
	"math"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert"
)

// typeUntyped is the text format's word for unknown.
const typeUntyped = "untyped"

// role is what a sample is to a family with suffixes.
type role struct {
	suffix string
	rank   int    // place among samples of equal labels
	label  string // that it must have, a number
	count  bool   // OpenMetrics writes it as an integer
}

// roles are those of the types whose families have several sample names, or one
// that differs from their own. In the text format only histograms and summaries
// have, and no time of creation.
var roles = [...]map[string][]role{
	Text: {
		convert.TypeHistogram: {
			{suffix: "_bucket", rank: 0, label: "le"}, {suffix: "_sum", rank: 1}, {suffix: "_count", rank: 2},
		},
		convert.TypeSummary: {
			{rank: 0, label: "quantile"}, {suffix: "_sum", rank: 1}, {suffix: "_count", rank: 2},
		},
	},
	OpenMetrics: {
		convert.TypeCounter: {{suffix: "_total", rank: 0}, {suffix: "_created", rank: 3}},
		convert.TypeHistogram: {
			{suffix: "_bucket", rank: 0, label: "le", count: true}, {suffix: "_sum", rank: 1},
			{suffix: "_count", rank: 2, count: true}, {suffix: "_created", rank: 3},
		},
		convert.TypeGaugeHistogram: {
			{suffix: "_bucket", rank: 0, label: "le", count: true}, {suffix: "_gsum", rank: 1},
			{suffix: "_gcount", rank: 2, count: true},
		},
		convert.TypeSummary: {
			{rank: 0, label: "quantile"}, {suffix: "_sum", rank: 1},
			{suffix: "_count", rank: 2, count: true}, {suffix: "_created", rank: 3},
		},
		convert.TypeInfo: {{suffix: "_info"}},
	},
}

// created is the role of a time of creation in OpenMetrics.
var created = role{suffix: "_created", rank: 3}

// boundLabel is the label that tells apart the samples of one histogram,
// summary or state set, "" for other types.
func boundLabel(family, typ string) string {
	switch typ {
	case convert.TypeHistogram, convert.TypeGaugeHistogram:
		return "le"
	case convert.TypeSummary:
		return "quantile"
	case convert.TypeStateset:
		return family
	}
	return ""
}

// place is where a sample goes: a family and its role there.
type place struct {
	family, typ string
	sample      string // its name there
	role        role
	bound       float64 // value of role.label
}

// placeOf returns where a format has a sample of a family.
func placeOf(format Format, f *convert.Family, s *Sample) place {
	for _, r := range roles[format][f.Type] {
		if p, ok := placeAs(format, f, s, r); ok {
			return p
		}
	}
	return place{family: s.Name, typ: singleType(format, f, s), sample: s.Name}
}

// placeAs places a sample in a role if its name and labels are right for it.
func placeAs(format Format, f *convert.Family, s *Sample, r role) (place, bool) {
	p := place{family: f.Name, typ: f.Type, sample: s.Name, role: r}
	if r.label != "" {
		v, ok := lookup(s.Labels, r.label)
		bound, err := strconv.ParseFloat(v, 64)
		if !ok || err != nil || math.IsNaN(bound) {
			return place{}, false
		}
		p.bound = bound
	}
	switch {
	case s.Name == f.Name+r.suffix:
	case s.Name != f.Name || r.suffix != "_total" && r.suffix != "_info":
		return place{}, false
	case len(f.Name) > len(r.suffix) && strings.HasSuffix(f.Name, r.suffix):
		p.family = strings.TrimSuffix(f.Name, r.suffix) // counter foo_total of the text format
	case r.suffix == "_total":
		p.sample += r.suffix
	default:
		return place{}, false
	}
	return p, true
}

// singleType returns the type of a family that only holds the samples of one
// name.
func singleType(format Format, f *convert.Family, s *Sample) string {
	suffix := convert.Suffix(s.Name, f.Name)
	own := s.Name == f.Name
	if format == OpenMetrics {
		switch {
		case own && f.Type == convert.TypeGauge:
			return f.Type
		case own && f.Type == convert.TypeStateset && has(s.Labels, f.Name):
			return f.Type
		}
		return convert.TypeUnknown
	}
	switch f.Type {
	case convert.TypeCounter:
		if own || suffix == "_total" {
			return convert.TypeCounter
		}
	case convert.TypeGauge, convert.TypeInfo, convert.TypeStateset, convert.TypeGaugeHistogram:
		if isMember(s.Name, f) {
			return convert.TypeGauge
		}
	}
	if suffix == created.suffix && isMember(s.Name, f) {
		return convert.TypeGauge
	}
	return typeUntyped
}

func lookup(labels []convert.Label, name string) (string, bool) {
	for _, l := range labels {
		if l.Name == name {
			return l.Value, true
		}
	}
	return "", false
}

func has(labels []convert.Label, name string) bool {
	_, ok := lookup(labels, name)
	return ok
}
