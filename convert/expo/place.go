package expo

import (
	"math"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// typeUntyped is the text format's word for unknown.
const typeUntyped = "untyped"

// role is the meaning of a sample in a family with suffixes.
type role struct {
	suffix string
	rank   int    // position among the samples of a label set
	label  string // the label with a number that the sample must have; "" for none
	count  bool   // OpenMetrics writes the value as an integer
}

// roles has the roles of types whose samples have names other than the family's. In
// the text format only histograms and summaries do, and nothing has a time of
// creation.
var roles = [...]map[string][]role{
	Text: {
		prom.TypeHistogram: {
			{suffix: "_bucket", rank: 0, label: "le"}, {suffix: "_sum", rank: 1}, {suffix: "_count", rank: 2},
		},
		prom.TypeSummary: {
			{rank: 0, label: "quantile"}, {suffix: "_sum", rank: 1}, {suffix: "_count", rank: 2},
		},
	},
	OpenMetrics: {
		prom.TypeCounter: {{suffix: "_total", rank: 0}, {suffix: "_created", rank: 3}},
		prom.TypeHistogram: {
			{suffix: "_bucket", rank: 0, label: "le", count: true}, {suffix: "_sum", rank: 1},
			{suffix: "_count", rank: 2, count: true}, {suffix: "_created", rank: 3},
		},
		prom.TypeGaugeHistogram: {
			{suffix: "_bucket", rank: 0, label: "le", count: true}, {suffix: "_gsum", rank: 1},
			{suffix: "_gcount", rank: 2, count: true},
		},
		prom.TypeSummary: {
			{rank: 0, label: "quantile"}, {suffix: "_sum", rank: 1},
			{suffix: "_count", rank: 2, count: true}, {suffix: "_created", rank: 3},
		},
		prom.TypeInfo: {{suffix: "_info"}},
	},
}

var (
	plain   = &role{}                            // a sample of a family without suffixes
	created = &role{suffix: "_created", rank: 3} // a time of creation in OpenMetrics
)

// boundLabel returns the label that tells the samples of one histogram, summary or
// state set apart. It returns "" for other types.
func boundLabel(family, typ string) string {
	switch typ {
	case prom.TypeHistogram, prom.TypeGaugeHistogram:
		return "le"
	case prom.TypeSummary:
		return "quantile"
	case prom.TypeStateset:
		return family
	}
	return ""
}

// placed is a sample with its place in a family of a format.
type placedSample struct {
	*Sample
	family *prom.Family // its family in the data; the format may have it in another
	role   *role
	bound  float64 // value of role.label
	group  int     // number of its label set without the bound label
	text   []byte  // its name and labels as written; nil if not cached
}

// familyKey names a family in a format.
type familyKey struct{ family, typ string }

// placeOf returns the place of a sample of the family f in a format.
func placeOf(format Format, f *prom.Family, s *Sample) (familyKey, placedSample) {
	may := roles[format][f.Type]
	for i := range may {
		if k, p, ok := placeAs(f, s, &may[i]); ok {
			return k, p
		}
	}
	return familyKey{s.Name, singleType(format, f, s)}, placedSample{Sample: s, family: f, role: plain}
}

// placeAs places a sample in a role if its name and labels fit. A page never changes
// the name or the labels of a series.
func placeAs(f *prom.Family, s *Sample, r *role) (familyKey, placedSample, bool) {
	k, p := familyKey{f.Name, f.Type}, placedSample{Sample: s, family: f, role: r}
	switch suffix, ok := strings.CutPrefix(s.Name, f.Name); {
	case !ok:
		return k, p, false
	case suffix == r.suffix:
	case suffix != "" || r.suffix != "_total" && r.suffix != "_info":
		return k, p, false
	case len(f.Name) > len(r.suffix) && strings.HasSuffix(f.Name, r.suffix):
		k.family = strings.TrimSuffix(f.Name, r.suffix) // counter foo_total of the text format
	default:
		return k, p, false
	}
	if r.label == "" {
		return k, p, true
	}
	v, _ := lookup(s.Labels, r.label)
	bound, err := strconv.ParseFloat(v, 64)
	p.bound = bound
	return k, p, err == nil && !math.IsNaN(bound) && (f.Type == prom.TypeGaugeHistogram || isReadBound(v, bound))
}

// isReadBound reports whether Prometheus' parsers leave the text of a bound as it
// is. They rewrite 1 to 1.0 in histograms and summaries, which makes another series.
func isReadBound(text string, bound float64) bool {
	var buf [32]byte
	return string(appendFloat(buf[:0], OpenMetrics, bound)) == text
}

// singleType returns the type of a family that holds only samples with the name of
// s.
func singleType(format Format, f *prom.Family, s *Sample) string {
	suffix := naming.Suffix(s.Name, f.Name)
	own := s.Name == f.Name
	if format == OpenMetrics {
		switch {
		case own && f.Type == prom.TypeGauge:
			return f.Type
		case own && f.Type == prom.TypeStateset && has(s.Labels, f.Name):
			return f.Type
		}
		return prom.TypeUnknown
	}
	switch f.Type {
	case prom.TypeCounter:
		if own || suffix == "_total" {
			return prom.TypeCounter
		}
	case prom.TypeGauge, prom.TypeInfo, prom.TypeStateset, prom.TypeGaugeHistogram:
		if isMember(s.Name, f) {
			return prom.TypeGauge
		}
	}
	if suffix == created.suffix && isMember(s.Name, f) {
		return prom.TypeGauge
	}
	return typeUntyped
}

func lookup(labels []prom.Label, name string) (string, bool) {
	for _, l := range labels {
		if l.Name == name {
			return l.Value, true
		}
	}
	return "", false
}

func has(labels []prom.Label, name string) bool {
	_, ok := lookup(labels, name)
	return ok
}
