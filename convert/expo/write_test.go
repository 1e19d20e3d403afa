package expo

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// TestWrite shows both formats of one set of families, read from a page.
func TestWrite(t *testing.T) {
	for _, c := range []struct{ name, page, text, open string }{
		{
			name: "counters",
			page: "# HELP c it\\nis \"c\"\n# TYPE c counter\nc{a=\"\\\"\\\\\\n\"} 1\n# TYPE d_total counter\nd_total -0\n",
			text: "# HELP c it\\nis \"c\"\n# TYPE c counter\nc{a=\"\\\"\\\\\\n\"} 1\n# TYPE d_total counter\nd_total -0\n",
			open: "# HELP c it\\nis \"c\"\\n# TYPE c counter\nc{a=\"\\\"\\\\\\n\"} 1.0\n# TYPE d counter\nd_total -0.0\n# EOF\n",
		},
		{
			name: "histogram in disorder",
			page: "# TYPE h histogram\nh_count{z=\"1\"} 3\nh_bucket{le=\"+Inf\",z=\"1\"} 3\nh_bucket{le=\"10\",z=\"1\"} 2\n" +
				"h_bucket{le=\"9\",a=\"1\"} 1.5\nh_bucket{le=\"9\",z=\"1\"} 1\nh_sum{z=\"1\"} 2\n",
			text: "# TYPE h histogram\nh_bucket{z=\"1\",le=\"9\"} 1\nh_bucket{z=\"1\",le=\"10\"} 2\nh_bucket{z=\"1\",le=\"+Inf\"} 3\n" +
				"h_sum{z=\"1\"} 2\nh_count{z=\"1\"} 3\nh_bucket{a=\"1\",le=\"9\"} 1.5\n",
			open: "# TYPE h histogram\nh_bucket{z=\"1\",le=\"9.0\"} 1\nh_bucket{z=\"1\",le=\"10.0\"} 2\nh_bucket{z=\"1\",le=\"+Inf\"} 3\n" +
				"h_sum{z=\"1\"} 2.0\nh_count{z=\"1\"} 3\nh_bucket{a=\"1\",le=\"9.0\"} 1.5\n# EOF\n",
		},
		{
			name: "a gauge named like a counter",
			page: "# TYPE m gauge\nm 1\n# TYPE m_total counter\nm_total 2\n",
			text: "# TYPE m gauge\nm 1\n# TYPE m_total counter\nm_total 2\n",
			open: "# TYPE m gauge\nm 1.0\n# HELP m_total # TYPE m_total counter\nm_total 2.0\n# EOF\n",
		},
		{
			name: "a gauge named like a summary's count",
			page: "# TYPE s_count gauge\ns_count{a=\"1\"} 1\n# HELP s sum\n# TYPE s summary\ns{quantile=\"0\"} 2\ns_count 3\n",
			text: "# HELP s_count sum\n# TYPE s_count untyped\ns_count{a=\"1\"} 1\ns_count 3\n# HELP s sum\\n# TYPE s summary\n# TYPE s untyped\ns{quantile=\"0.0\"} 2\n",
			open: "# HELP s_count sum\ns_count{a=\"1\"} 1.0\ns_count 3.0\n# HELP s sum\\n# TYPE s summary\ns{quantile=\"0.0\"} 2.0\n# EOF\n",
		},
		{
			name: "quoted names",
			page: "# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"1\",e=\"2\"} 1\n{\"a.b\"} 2\n",
			text: "# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"1\",e=\"2\"} 1\n{\"a.b\"} 2\n",
			open: "# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"1\",e=\"2\"} 1.0\n{\"a.b\"} 2.0\n# EOF\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			families := group(parse(t, c.page, Text.ContentType()))
			assert.Equal(t, c.text, pageOf(t, families, Options{Format: Text}))
			assert.Equal(t, c.open, pageOf(t, families, Options{Format: OpenMetrics}))
		})
	}
}

// TestHelpComesBack has help read as it was, by us and by Prometheus' parsers.
func TestHelpComesBack(t *testing.T) {
	texts := append([]string{`"`, `\"`, `\\"`, `\\\"x\"`, `\`, `ends in \`, `\\`, "\n", `\n`, "\\\n", `"a" \"b\"`, ` "`, "é\x00"}, makerTexts...)
	for _, text := range texts {
		f := Family{Family: prom.Family{Name: "x", Type: prom.TypeGauge, Help: text}, Samples: []Sample{{Name: "x"}}}
		for _, format := range []Format{Text, OpenMetrics} {
			out := pageOf(t, []Family{f}, Options{Format: format})
			assert.Equal(t, text, parse(t, out, format.ContentType())[0].Family.Help, "%q", out)
			parser, err := textparse.New([]byte(out), format.ContentType(), nil, textparse.ParserOptions{})
			require.NoError(t, err)
			_, err = parser.Next()
			require.NoError(t, err)
			_, help := parser.Help()
			assert.Equal(t, text, string(help), "%q", out)
		}
	}
}

// TestUnknownIsNotSaid writes types that nobody knows, which OpenMetrics says
// only where labels would be read as those of the family before.
func TestUnknownIsNotSaid(t *testing.T) {
	const page = "# TYPE w_total unknown\nw_total 1.0\n# HELP v Text.\nv{le=\"1\"} 1.0\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\n" +
		"# TYPE u unknown\nu{a=\"b\",le=\"1\"} 1.0\nx{le=\"1\"} 1.0\n# TYPE s summary\ns{quantile=\"1.0\"} 1.0\ny{le=\"1\"} 1.0\n" +
		"# TYPE z unknown\nz{quantile=\"1\"} 1.0\n# EOF\n"
	before := parse(t, page, "")
	out := pageOf(t, group(before), Options{Format: OpenMetrics})
	assert.Equal(t, strings.Replace(page, "# TYPE w_total unknown\n", "", 1), out)
	assert.Equal(t, before, parse(t, out, ""))
	all, fault := outcome(t, out, OpenMetrics, 0)
	requireParser(t, out, OpenMetrics, all, fault)
}

// TestWriteUnit says units only where OpenMetrics has them.
func TestWriteUnit(t *testing.T) {
	for _, c := range []struct {
		name, typ, unit string
		said            bool
	}{
		{"x_seconds", prom.TypeGauge, "seconds", true},
		{"x_seconds_total", prom.TypeCounter, "seconds", true},
		{"x", prom.TypeGauge, "seconds", false},
		{"xseconds", prom.TypeGauge, "seconds", false},
		{"x_seconds", prom.TypeInfo, "seconds", false},
		{"x_a\nb", prom.TypeGauge, "a\nb", false},
	} {
		f := Family{Family: prom.Family{Name: c.name, Type: c.typ, Unit: c.unit}}
		f.Samples = []Sample{{Name: c.name, Value: 1}}
		if c.typ == prom.TypeInfo {
			f.Samples[0].Name += "_info"
		}
		out := pageOf(t, []Family{f}, Options{Format: OpenMetrics})
		judge(t, OpenMetrics, out)
		if c.said {
			assert.Contains(t, out, "# UNIT x_seconds seconds\n")
		} else {
			assert.NotContains(t, out, "UNIT", c.name)
		}
		assert.NotContains(t, pageOf(t, []Family{f}, Options{}), "UNIT")
	}
}

// TestWriteBadText writes text that is not UTF-8, as archives may hold it.
func TestWriteBadText(t *testing.T) {
	f := Family{Family: prom.Family{Name: "x", Type: prom.TypeGauge, Help: "caf\xe9"}}
	f.Samples = []Sample{{Name: "x", Labels: []prom.Label{{Name: "l", Value: "\xff\x00"}}}}
	for _, format := range []Format{Text, OpenMetrics} {
		out := pageOf(t, []Family{f}, Options{Format: format})
		e := parse(t, out, "")[0]
		assert.Equal(t, "caf\uFFFD", e.Family.Help)
		assert.Equal(t, "\uFFFD\x00", e.Labels[0].Value)
	}
}

// TestAppendTime demands that every millisecond comes back.
func TestAppendTime(t *testing.T) {
	assert.Equal(t, "1395066363.123", string(appendTime(nil, OpenMetrics, 1395066363123)))
	assert.Equal(t, "1.0010000000000001", string(appendTime(nil, OpenMetrics, 1001)))
	assert.Equal(t, "1395066363123", string(appendTime(nil, Text, 1395066363123)))
	for _, start := range []int64{0, 1_700_000_000_000, 253_402_300_799_000} {
		for ms := start; ms < start+1000; ms++ {
			page := "x 1 " + string(appendTime(nil, OpenMetrics, ms)) + "\n# EOF\n"
			require.Equal(t, ms, parse(t, page, "")[0].Time)
		}
	}
	early := Family{Family: prom.Family{Name: "x"}, Samples: []Sample{{Name: "x", Time: -1, HasTime: true}}}
	assert.Contains(t, pageOf(t, []Family{early}, Options{Timestamps: true}), "\nx 0\n")
}

func TestAppendCount(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1e15: "1000000000000000", 1.5: "1.5", -1: "-1.0", 1 << 63: "9223372036854775808",
		math.MaxUint64: "1.8446744073709552e+19", math.Inf(1): "+Inf",
	} {
		assert.Equal(t, want, string(appendCount(nil, OpenMetrics, v)))
	}
	assert.Equal(t, "NaN", string(appendCount(nil, OpenMetrics, math.NaN())))
}

// full fails once it took some bytes.
type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteFails(t *testing.T) {
	families := group(parse(t, manySeries(2000), ""))
	for _, room := range []int{0, 70_000} {
		assert.ErrorIs(t, Write(&full{room}, families, Options{}), errFull)
	}
	assert.NoError(t, Write(&full{1 << 20}, families, Options{}))
}

func TestWriteNothing(t *testing.T) {
	empty := []Family{{Family: prom.Family{Name: "x", Type: prom.TypeGauge}}}
	assert.Empty(t, pageOf(t, empty, Options{}))
	assert.Equal(t, "# EOF\n", pageOf(t, empty, Options{Format: OpenMetrics}))
}

func TestFormat(t *testing.T) {
	var f Format
	require.NoError(t, f.Set("openmetrics"))
	assert.Equal(t, OpenMetrics, f)
	assert.ErrorContains(t, f.Set("xml"), `"xml"`)
	assert.Equal(t, "text", Text.String())
	assert.Equal(t, "Format(7)", Format(7).String())
	assert.Equal(t, "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8", Text.ContentType())
	assert.Equal(t, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8", OpenMetrics.ContentType())
}
