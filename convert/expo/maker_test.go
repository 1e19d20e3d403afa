package expo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// maker makes families at random.
type maker struct {
	*rand.Rand
	complete bool // only what expfmt can hold
	clash    bool // names may collide
	times    bool
}

var (
	makerTypes = []string{
		prom.TypeCounter, prom.TypeGauge, prom.TypeHistogram, prom.TypeSummary, prom.TypeUnknown,
		prom.TypeGaugeHistogram, prom.TypeInfo, prom.TypeStateset,
	}
	makerNames  = []string{"a", "a_total", "a_created", "a_count", "a_sum", "a_info", "a_bucket", "b_total", "b", "b.c"}
	makerTexts  = []string{"x", "y z", `back\slash`, "line\nfeed", `"q"`, "é日😀", " lead", "trail ", `\n`, "{}=,#", "tab\t"}
	makerLabels = []string{"job", "Z", "_u", "l.x", `q"\`, "é"}
	makerFloats = []float64{
		1, -1, 0.1, 1e21, 1e-9, 123456789, math.MaxFloat64, math.SmallestNonzeroFloat64, 1.0 / 3,
		math.NaN(), math.Inf(1), math.Inf(-1), 1 << 53, 0,
	}
)

func pick[T any](m *maker, from []T) T { return from[m.IntN(len(from))] }

func (m *maker) families() []Family {
	var out []Family
	seen := map[string]bool{}
	for i := range 1 + m.IntN(8) {
		f := Family{Family: prom.Family{Name: fmt.Sprintf("n%d_seconds", i), Type: pick(m, makerTypes)}}
		switch {
		case m.clash:
			f.Name = pick(m, makerNames)
		case m.IntN(4) == 0:
			f.Name = fmt.Sprintf("n.%d \"\\\n", i)
		}
		if m.complete {
			f.Type = makerTypes[m.IntN(5)]
			if f.Type == prom.TypeCounter {
				f.Name += "_total"
			}
		}
		if m.IntN(2) == 0 {
			f.Help = pick(m, makerTexts)
			if m.complete { // expfmt drops leading blanks
				f.Help = strings.TrimSpace(f.Help)
			}
		}
		if m.IntN(2) == 0 && !m.complete {
			f.Unit = "seconds"
		}
		m.fill(&f, seen)
		if len(f.Samples) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// fill gives f the samples of some label sets.
func (m *maker) fill(f *Family, seen map[string]bool) {
	sets := map[string]bool{}
	for range 1 + m.IntN(4) {
		labels := m.labels()
		if sets[id("", labels)] {
			continue
		}
		sets[id("", labels)] = true
		t := int64(0)
		if m.times {
			t = m.Int64N(4e12)
		}
		for _, s := range m.set(f, labels) {
			s.Time, s.HasTime = t, m.times
			if k := id(s.Name, s.Labels); !seen[k] && (m.complete || m.IntN(10) > 0) {
				seen[k] = true
				f.Samples = append(f.Samples, s)
			}
		}
	}
	if !m.complete { // the writer has to put them in order
		m.Shuffle(len(f.Samples), func(i, j int) { f.Samples[i], f.Samples[j] = f.Samples[j], f.Samples[i] })
	}
}

func (m *maker) labels() []prom.Label {
	var labels []prom.Label
	for _, name := range makerLabels {
		if m.IntN(3) == 0 {
			labels = append(labels, prom.Label{Name: name, Value: pick(m, makerTexts)})
		}
	}
	return sorted(labels)
}

func sorted(labels []prom.Label) []prom.Label {
	slices.SortFunc(labels, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	return labels
}

// set returns the samples of one label set.
func (m *maker) set(f *Family, labels []prom.Label) []Sample {
	one := func(suffix string, v float64, extra ...prom.Label) Sample {
		return Sample{Name: f.Name + suffix, Value: v, Labels: sorted(append(extra, labels...))}
	}
	count := float64(m.IntN(1000))
	buckets := []Sample{
		one("_bucket", count/2, prom.Label{Name: "le", Value: "0.1"}),
		one("_bucket", count, prom.Label{Name: "le", Value: "2.0"}),
		one("_bucket", count, prom.Label{Name: "le", Value: "+Inf"}),
	}
	if m.complete {
		buckets[0].Value = math.Floor(count / 2)
	}
	var out []Sample
	switch f.Type {
	case prom.TypeHistogram:
		out = append(buckets, one("_sum", pick(m, makerFloats)), one("_count", count), one("_created", 1.5e9))
	case prom.TypeGaugeHistogram:
		out = append(buckets, one("_gsum", pick(m, makerFloats)), one("_gcount", count))
	case prom.TypeSummary:
		out = []Sample{
			one("", pick(m, makerFloats), prom.Label{Name: "quantile", Value: "0.5"}),
			one("", pick(m, makerFloats), prom.Label{Name: "quantile", Value: "1.0"}),
			one("_sum", pick(m, makerFloats)), one("_count", count), one("_created", 1.5e9),
		}
	case prom.TypeCounter:
		if strings.HasSuffix(f.Name, "_total") || m.clash && m.IntN(2) == 0 {
			out = []Sample{one("", count)}
			break
		}
		out = []Sample{one("_total", count), one("_created", 1.5e9)}
	case prom.TypeInfo:
		out = []Sample{one("_info", 1)}
	case prom.TypeStateset:
		out = []Sample{one("", 1, prom.Label{Name: f.Name, Value: "on"}), one("", 0, prom.Label{Name: f.Name, Value: "off"})}
	default:
		out = []Sample{one("", pick(m, makerFloats))}
	}
	if m.complete {
		out = slices.DeleteFunc(out, func(s Sample) bool { return strings.HasSuffix(s.Name, "_created") })
	}
	return out
}
