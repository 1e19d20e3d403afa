package expo

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

func entriesOf(families []Family) []Entry {
	var out []Entry
	for _, f := range families {
		for _, s := range f.Samples {
			out = append(out, Entry{Sample: s, Family: f.Family})
		}
	}
	return out
}

// cannotSay is what may change on the way through a format, where names do not
// collide. All have their line in the package's documentation.
var cannotSay = map[Format]*regexp.Regexp{
	Text: regexp.MustCompile(`^(\w+: unit "seconds" becomes ""` +
		`|(info|stateset|gaugehistogram) becomes gauge|(info|gaugehistogram|counter): family named by its sample` +
		`|(counter|histogram|summary) becomes gauge|(histogram|summary): family named by its sample)$`),
	OpenMetrics: regexp.MustCompile(`^\w+: unit "seconds" becomes ""$`),
}

// TestRandomFamilies writes families at random and reads them again.
func TestRandomFamilies(t *testing.T) {
	t.Parallel()
	m := &maker{Rand: rand.New(rand.NewPCG(1, 2))}
	for n := range 200 {
		m.clash, m.times = n%2 == 0, n%4 > 1
		families := m.families()
		for _, format := range []Format{Text, OpenMetrics} {
			o := Options{Format: format, Timestamps: m.times}
			out := pageOf(t, families, o)
			judge(t, format, out)
			after := parse(t, out, "")
			again := pageOf(t, group(after), o)
			if m.clash { // fewer may clash when some have become unknown
				require.Empty(t, difference(after, parse(t, again, "")), "a page read and written again")
			} else {
				require.Equal(t, out, again, "a page read and written again")
			}
			for _, d := range difference(entriesOf(families), after) {
				if m.clash {
					require.NotRegexp(t, `^(lost|new)|: (value|time) `, d, "%s", out)
				} else {
					require.Regexp(t, cannotSay[format], d, "%s", out)
				}
			}
			if !m.clash {
				recordAgain(t, families, out, o)
			}
		}
	}
}

// recordAgain demands that families that come through PCP steps give the same
// page, apart from the order of samples.
func recordAgain(t *testing.T, families []Family, out string, o Options) {
	t.Helper()
	if !o.Timestamps {
		return // a recording has times
	}
	back := parse(t, pageOf(t, record(t, entriesOf(families)), o), "")
	require.Empty(t, difference(parse(t, out, ""), back))
}

// TestHostileText takes names, labels, help and units of awkward characters
// through PCP steps.
func TestHostileText(t *testing.T) {
	t.Parallel()
	m := &maker{Rand: rand.New(rand.NewPCG(5, 6))}
	letters := []rune("aZ0_:.U\"\\\n\x00\x01\x7f {}=,é😀/\u2028\ufffd<>&'\t")
	text := func(n int) string {
		var out []rune
		if m.IntN(3) == 0 {
			out = []rune("U__") // which escaped names begin with
		}
		for range 1 + m.IntN(n) {
			out = append(out, pick(m, letters))
		}
		return string(out)
	}
	for range 1200 {
		values := map[string]string{}
		for range m.IntN(4) {
			values[text(5)] = text(8)
		}
		name := text(6)
		e := Entry{
			Sample: Sample{Name: name, Value: 1, Time: scrapeTime, HasTime: true},
			Family: prom.Family{Name: name, Type: prom.TypeGauge, Help: text(10), Unit: text(3)},
		}
		for k, v := range values {
			e.Labels = append(e.Labels, prom.Label{Name: k, Value: v})
		}
		sorted(e.Labels)
		require.Empty(t, difference([]Entry{e}, entriesOf(record(t, []Entry{e}))), "%q %q", name, e.Labels)
	}
}
