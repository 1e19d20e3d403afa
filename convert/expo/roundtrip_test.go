package expo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// roundTrip takes a page through PCP steps and back to a page of a format. It
// returns both pages' entries, times included.
func roundTrip(t *testing.T, page, contentType string, format Format) (before, after []Entry, out string) {
	t.Helper()
	before = timed(latest(parse(t, page, contentType)))
	families := record(t, parse(t, page, contentType))
	out = pageOf(t, families, Options{Format: format, Timestamps: true})
	judge(t, format, out)
	again := pageOf(t, families, Options{Format: format, Timestamps: true})
	assert.Equal(t, out, again, "writing changed the families")
	return before, parse(t, out, format.ContentType()), out
}

// corpusLosses are all differences between a page of the corpus and what comes
// back from it. All have their line in the package's documentation.
var corpusLosses = map[string]map[Format][]string{
	// Gauge go_memstats_alloc_bytes stands beside counter
	// go_memstats_alloc_bytes_total.
	"collectd_sample.txt":               {OpenMetrics: {"counter becomes unknown", losesTotal, getsTotal}},
	"good_summary_nometa.txt":           {OpenMetrics: {getsTotal}},
	"jenkins-monitoring-javamelody.txt": {OpenMetrics: {getsTotal}},
	"jenkins-prometheus-plugin.txt":     {OpenMetrics: {losesTotal}},
	"sample-pmda-3.12.2.txt":            {OpenMetrics: {losesTotal}},
	"sample-pmda-instname-5.0.0.txt":    {OpenMetrics: {losesTotal}},
	"sample-pmda-pcp5-metadata.txt":     {OpenMetrics: {getsTotal}},
	"sample_prometheus_metrics.txt":     {OpenMetrics: {"counter becomes unknown", losesTotal}},
}

const (
	losesTotal = "counter: family loses _total"
	getsTotal  = "counter: sample gets _total"
)

// TestCorpus takes the odd pages through archives and back.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 12, "the corpus shrank")
	for _, file := range files {
		name := filepath.Base(file)
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, format := range []Format{Text, OpenMetrics} {
			t.Run(name+"/"+format.String(), func(t *testing.T) {
				before, after, out := roundTrip(t, string(page), "", format)
				require.NotEmpty(t, before)
				assert.Equal(t, corpusLosses[name][format], difference(before, after))
				if format == Text {
					assert.Equal(t, order(before), order(after), "order of families")
					promtool(t, out)
				}
			})
		}
	}
}

// oddPages are pages with one oddity each, and what of it cannot come back.
var oddPages = []struct {
	name   string
	format Format
	page   string
	losses map[Format][]string
}{
	{name: "escapes", page: `# HELP e back\\slash, line\nfeed, "quotes", \ttab
# TYPE e gauge
e{v="back\\slash"} 1
e{v="line\nfeed"} 2
e{v="\"quoted\""} 3
e{v="\\n is no line feed"} 4
e{v="ends in \\"} 5
e{v="tab	 bell \a NUL  é 日本 😀"} 6
e{v=" blanks  "} 7
e{v="a,b=c}{"} 8
`},
	{name: "values", page: `# TYPE v gauge
v{n="nan"} NaN
v{n="inf"} +Inf
v{n="minf"} -Inf
v{n="zero"} 0
v{n="minus zero"} -0
v{n="exponent"} 1.5e+300
v{n="small"} 4.9406564584124654e-324
v{n="large"} 1.7976931348623157e+308
v{n="integer"} 9007199254740993
v{n="u64"} 18446744073709551615
v{n="third"} 0.3333333333333333
v{n="negative"} -12.5E-3
`},
	{name: "timestamps", page: `# TYPE t counter
t{at="none"} 1
t{at="zero"} 2 0
t{at="odd"} 3 1001
t{at="now"} 4 1700000000999
t{at="far"} 5 253402300799999
`, losses: map[Format][]string{OpenMetrics: {getsTotal}}},
	{name: "duplicates", page: `# TYPE d gauge
d{a="1",b="2"} 1
d{b="2",a="1"} 2
d{a="1",b="2",c=""} 3
d 4
d{} 5
d{a=""} 6
d{a="1"} 7 1700000000000
d{a="1"} 8 1600000000000
`},
	{name: "with and without labels", page: `# TYPE s gauge
s{x="1"} 1
s 2
s{x="2"} 3
`},
	{name: "names", page: `# HELP "a.b \"c\" \\ é" dots, blanks, quotes
# TYPE "a.b \"c\" \\ é" gauge
{"a.b \"c\" \\ é"} 1
{"a.b \"c\" \\ é","l.x"="1","le:é"="2",plain="3"} 2
# TYPE a:b:c counter
a:b:c 3
{"quoted",x="y"} 4
{"_U__",U__x="y"} 5
`, losses: map[Format][]string{OpenMetrics: {getsTotal}}},
	{name: "histogram", page: `# HELP h seconds
# TYPE h histogram
h_bucket{le="0.1",a="x"} 1
h_bucket{le="10",a="x"} 2
h_bucket{le="1e2",a="x"} 2.5
h_bucket{le="+Inf",a="x"} 3
h_sum{a="x"} 1.5
h_count{a="x"} 3
h_bucket{le="5",a="y"} 4
h_count 18446744073709549568
`},
	{name: "summary", page: `# TYPE s summary
s{quantile="0.5",a="x"} NaN
s{quantile="1",a="x"} 2
s_sum{a="x"} 1.5
s_count{a="x"} 3
s_sum 2
`},
	{name: "bare histogram", page: `# TYPE h histogram
h 1
h_bucket{le="1.0"} 2
h_bucket 3
`, losses: map[Format][]string{
		Text:        {"histogram becomes unknown", "histogram: family named by its sample"},
		OpenMetrics: {"histogram becomes unknown", "histogram: family named by its sample"},
	}},
	{name: "counter with gauge of creation", page: `# TYPE c_total counter
c_total{a="x"} 1
c_total{a="y"} 2
# TYPE c_created gauge
c_created{a="x"} 1.7e9
c_created{a="y"} 1.7e9
`, losses: map[Format][]string{OpenMetrics: {losesTotal, "gauge becomes counter", "gauge: created joins family"}}},
	{name: "two counters", page: `# TYPE c counter
c 1
# TYPE c_total counter
c_total 2
`, losses: map[Format][]string{OpenMetrics: {"counter becomes unknown"}}},
	{name: "untyped", page: `no_meta 1
# HELP only_help what it is
only_help 2
# TYPE u untyped
u 3
late 4
# TYPE late counter
# HELP late too late
late{x="y"} 5
`, losses: map[Format][]string{
		Text:        {"counter becomes unknown", `unknown: help "" becomes "too late"`},
		OpenMetrics: {"counter becomes unknown", `unknown: help "" becomes "too late"`},
	}},
	{name: "openmetrics", format: OpenMetrics, page: `# HELP c \"quoted\" \\ \n
# TYPE c counter
c_total{a="x"} 1 1700000000.123 # {trace="t"} 1
c_created{a="x"} 1.7e9
# HELP temp_celsius t
# TYPE temp_celsius gauge
# UNIT temp_celsius celsius
temp_celsius 1
# TYPE i info
i_info{version="1"} 1
# TYPE s stateset
s{a="x",s="on"} 1
s{a="x",s="off"} 0
# TYPE g gaugehistogram
g_bucket{le="1"} 1
g_bucket{le="+Inf"} 2
g_gcount 2
g_gsum 3.5
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_count 2
h_sum 3.5
h_created 12.5
# TYPE u unknown
u 1
# EOF
`, losses: map[Format][]string{Text: {
		"counter: family named by its sample", "counter becomes gauge", `gauge: unit "celsius" becomes ""`,
		"gaugehistogram becomes gauge", "gaugehistogram: family named by its sample",
		"histogram becomes gauge", "histogram: family named by its sample",
		"info becomes gauge", "info: family named by its sample", "stateset becomes gauge",
	}}},
}

// TestOddPages takes pages of all kinds through archives and back.
func TestOddPages(t *testing.T) {
	for _, c := range oddPages {
		for _, format := range []Format{Text, OpenMetrics} {
			t.Run(c.name+"/"+format.String(), func(t *testing.T) {
				before, after, out := roundTrip(t, c.page, c.format.ContentType(), format)
				assert.ElementsMatch(t, c.losses[format], difference(before, after), "%s", out)
				if format == Text && c.name != "names" { // promtool of 2023 knows no quotes
					promtool(t, out)
				}
			})
		}
	}
}

// TestManySeries takes 50,000 series through an archive and back.
func TestManySeries(t *testing.T) {
	page := manySeries(50_000)
	for _, format := range []Format{Text, OpenMetrics} {
		before := timed(parse(t, page, ""))
		require.Len(t, before, 50_000)
		out := pageOf(t, record(t, before), Options{Format: format, Timestamps: true})
		assert.Empty(t, difference(before, parse(t, out, "")))
	}
}

// promtool demands that promtool can read a text page. Its complaints about
// names and units are the page's own.
func promtool(t *testing.T, page string) {
	t.Helper()
	cmd := oracle.Command(t, "promtool", "check", "metrics")
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(page)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	const lint = 3 // exit status of complaints
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != lint {
		t.Errorf("promtool: %v\n%s", err, stderr.String())
	}
	assert.NotContains(t, stderr.String(), "error while linting")
	assert.NotContains(t, stderr.String(), "not unique")
}
