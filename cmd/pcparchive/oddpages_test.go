package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/scrape"
)

// recordPage has a page scraped once into a real archive.
func recordPage(t *testing.T, page []byte, kind string) (base string, losses []convert.LossCount) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(page)
	}))
	defer server.Close()
	report := &convert.Report{}
	base = filepath.Join(t.TempDir(), "rec")
	mapper, err := convert.NewMapper(convert.MapperOptions{Host: "tester", Report: report})
	require.NoError(t, err)
	a, err := archive.Create(base, archive.Header{Host: "tester", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	rec := scrape.NewRecorder(mapper, convert.NewToArchive(a), report, nil)
	// One scrape, which may take long on a busy machine.
	settings := scrape.Settings{Interval: 2 * time.Minute, Timeout: time.Minute}
	cfg, err := scrape.Config([]scrape.Endpoint{{URL: server.URL + "/metrics", Name: "page"}}, settings, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- scrape.Run(ctx, cfg, rec, scrape.RunOptions{UserAgent: "test", StartNow: true}) }()
	require.Eventually(t, func() bool { return rec.Stats().Scrapes > 0 }, patience, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, rec.Close())
	require.Zero(t, rec.Stats().Failed, "the page was refused")
	return base, report.Losses()
}

// checkArchive demands that the reference finds nothing wrong.
func checkArchive(t *testing.T, base string) {
	t.Helper()
	cmd := oracle.Command(t, "pmlogcheck", base)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err)
	assert.Empty(t, string(out))
}

// exportPage runs the command that prints a page.
func exportPage(t *testing.T, base string, format expo.Format) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	code := run([]string{"export", "prom", base, "--timestamps", "--format", format.String()}, streams{out: &out, err: &errs})
	require.Equal(t, exitOK, code, errs.String())
	require.Empty(t, errs.String())
	return out.Bytes()
}

func parsePage(t *testing.T, page []byte, kind string) []expo.Entry {
	t.Helper()
	var entries []expo.Entry
	for e, err := range expo.Page(page, kind, nil) {
		require.NoError(t, err, "%.2000s", page)
		entries = append(entries, e)
	}
	return entries
}

// throughArchive takes a page through an archive and back, in both formats, and
// wants no difference but those listed.
func throughArchive(t *testing.T, page []byte, kind string, lost []convert.LossCount, differ map[expo.Format][]string) {
	t.Helper()
	base, losses := recordPage(t, page, kind)
	assert.Equal(t, lost, losses)
	t.Run("pmlogcheck", func(t *testing.T) { checkArchive(t, base) })
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	end, err := r.End()
	require.NoError(t, err)
	before := latest(parsePage(t, page, kind), end.Milli())
	require.NotEmpty(t, before)
	for _, format := range []expo.Format{expo.Text, expo.OpenMetrics} {
		out := exportPage(t, base, format)
		after := parsePage(t, out, format.ContentType())
		want := slices.Clone(differ[format])
		slices.Sort(want)
		assert.Equal(t, want, differences(before, after), "as %s:\n%.4000s", format, out)
	}
}

// latest gives samples without a time that of the scrape and keeps, of each
// series, the last in time, and of several of one time the first.
func latest(entries []expo.Entry, scraped int64) []expo.Entry {
	var kept []expo.Entry
	index := map[string]int{}
	for _, e := range entries {
		if !e.HasTime {
			e.Time, e.HasTime = scraped, true
		}
		key := seriesKey(e)
		n, ok := index[key]
		switch {
		case !ok:
			index[key] = len(kept)
			kept = append(kept, e)
		case e.Time > kept[n].Time:
			kept[n] = e
		}
	}
	return kept
}

func seriesKey(e expo.Entry) string { return fmt.Sprintf("%q %q", e.Name, e.Labels) }

func shorten(s string) string { return s[:min(len(s), 60)] }

// differences says in sorted, distinct sentences what is not the same.
func differences(before, after []expo.Entry) []string {
	found := map[string]bool{}
	got := map[string]expo.Entry{}
	for _, e := range after {
		got[seriesKey(e)] = e
	}
	for _, e := range before {
		is, ok := got[seriesKey(e)]
		if !ok {
			renamed := e
			renamed.Name += "_total"
			if is, ok = got[seriesKey(renamed)]; ok && e.Family.Type == convert.TypeCounter {
				found[getsTotal] = true
				e = renamed
			}
		}
		if !ok {
			found["lost "+shorten(seriesKey(e))] = true
			continue
		}
		delete(got, seriesKey(e))
		for _, s := range changes(e, is) {
			found[s] = true
		}
	}
	for key := range got {
		found["new "+shorten(key)] = true
	}
	var out []string
	for s := range found {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// changes compares a sample and what is known of its family.
func changes(was, is expo.Entry) (said []string) {
	add := func(differ bool, format string, args ...any) {
		if differ {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	f, g := was.Family, is.Family
	add(f.Type != g.Type, "%s becomes %s", f.Type, g.Type)
	switch {
	case f.Name == g.Name || g.Name == f.Name+"_total": // the sample's name tells it already
	case f.Name == g.Name+"_total":
		add(true, losesTotal)
	case g.Name == is.Name:
		add(true, "%s: family named by its sample", f.Type)
	default:
		add(true, "family %s becomes %s", f.Name, g.Name)
	}
	add(f.Help != g.Help, "%s: help %q becomes %q", f.Type, f.Help, g.Help)
	add(f.Unit != g.Unit, "%s: unit %q becomes %q", f.Type, f.Unit, g.Unit)
	add(!sameNumber(was.Value, is.Value), "%s: value %v becomes %v", was.Name, was.Value, is.Value)
	add(was.Time != is.Time, "%s: time %d becomes %d", seriesKey(was), was.Time, is.Time)
	return said
}

// sameNumber compares to the sign of zero.
func sameNumber(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// What OpenMetrics wants of counters.
const (
	losesTotal = "counter: family loses _total"
	getsTotal  = "counter: sample gets _total"
)

// corpusDiffer is what of the corpus' pages cannot be said in OpenMetrics. In
// the text format, which they are in, they come back whole.
var corpusDiffer = map[string][]string{
	// A gauge stands beside a counter of its name with _total.
	"collectd_sample.txt":               {"counter becomes unknown", losesTotal, getsTotal},
	"sample_prometheus_metrics.txt":     {"counter becomes unknown", losesTotal},
	"good_summary_nometa.txt":           {getsTotal},
	"jenkins-monitoring-javamelody.txt": {getsTotal},
	"jenkins-prometheus-plugin.txt":     {losesTotal},
	"sample-pmda-3.12.2.txt":            {losesTotal},
	"sample-pmda-instname-5.0.0.txt":    {losesTotal},
	"sample-pmda-pcp5-metadata.txt":     {getsTotal},
}

func TestCorpusPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 12, "the corpus shrank")
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := os.ReadFile(file)
			require.NoError(t, err)
			lost := []convert.LossCount{}
			if name == "reordered-labels.txt" {
				lost = append(lost, convert.LossCount{Loss: convert.LossDuplicate, Name: "http_request_duration_microseconds", Count: 3})
			}
			throughArchive(t, page, textKind, lost, map[expo.Format][]string{expo.OpenMetrics: corpusDiffer[name]})
		})
	}
}

const textKind = "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8"

// oddPages are pages with one oddity each, what of them an archive does not keep
// and what a format cannot say.
var oddPages = map[string]struct {
	page   string
	kind   string
	lost   []convert.LossCount
	differ map[expo.Format][]string
}{
	"escapes": {page: `# HELP e back\\slash, line\nfeed, "quotes", \ttab
# TYPE e gauge
e{v="back\\slash"} 1
e{v="line\nfeed"} 2
e{v="\"quoted\""} 3
e{v="\\n is no line feed"} 4
e{v="ends in \\"} 5
e{v="tab	 bell \a  é 日本 😀"} 6
e{v=" blanks  "} 7
e{v="a,b=c}{"} 8
e{v="{\"json\":[1]}"} 9
`},
	"values": {page: `# TYPE v gauge
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
v_nan NaN
v_inf -Inf
`},
	"timestamps": {page: `# TYPE t gauge
t{at="none"} 1
t{at="old"} 2 1600000000000
t{at="odd"} 3 1600000000001
t{at="later"} 4 1700000000999
t_alone 5 1650000000000
`},
	"the beginning of time": {page: "t{at=\"zero\"} 1 0\nt{at=\"one\"} 2 1001\n"},
	// Prometheus' scraper refuses what is more than ten minutes ahead.
	"a time to come": {page: "t{at=\"none\"} 1\nt{at=\"to come\"} 2 4102444800000\n", differ: both(`lost "t" [{"at" "to come"}]`)},
	"duplicates": {page: `# TYPE d gauge
d{a="1",b="2"} 1
d{b="2",a="1"} 2
d{a="1",b="2",c=""} 3
d 4
d{} 5
d{a=""} 6
`, lost: []convert.LossCount{{Loss: convert.LossDuplicate, Name: "d", Count: 4}}},
	// The scraper drops a repeated line without a word.
	"repeated lines":           {page: "d{a=\"1\"} 1\nd{a=\"1\"} 2\n"},
	"duplicates in time":       {page: "# TYPE d counter\nd_total 7 1600000000000\nd_total 8 1700000000000\n"},
	"with and without labels":  {page: "# TYPE s gauge\ns{x=\"1\"} 1\ns 2\ns{x=\"2\"} 3\n"},
	"labels like the target's": {page: "j{job=\"other\",instance=\"x\",le=\"1\",quantile=\"2\"} 1\nj{url=\"u\",source=\"s\",hostname=\"h\",prom_name=\"p\"} 2\n"},
	// A label that the target has with the same value is the target's.
	"the target's label": {page: "j{job=\"page\",x=\"1\"} 1\n", differ: both(`lost "j" [{"job" "page"} {"x" "1"}]`, `new "j" [{"x" "1"}]`)},
	// What the scraper knows of a family it finds again under its name as the
	// page writes it.
	"escapes in names": {page: `# HELP "a.b \"c\" \\ é" dots, blanks, quotes
# TYPE "a.b \"c\" \\ é" gauge
{"a.b \"c\" \\ é"} 1
{"a.b \"c\" \\ é","l \"x\""="1"} 2
`, differ: both("gauge becomes unknown", `gauge: help "dots, blanks, quotes" becomes ""`)},
	"names": {page: `# HELP "a.b c é" dots, blanks
# TYPE "a.b c é" gauge
{"a.b c é"} 1
{"a.b c é","l.x"="1","le:é"="2",plain="3"} 2
# TYPE a:b:c counter
a:b:c 3
# TYPE a:b gauge
a:b 4
# TYPE a gauge
a 5
{"quoted",x="y"} 6
{"_U__",U__x="y"} 7
_a{_="1",__x="2"} 8
`, differ: map[expo.Format][]string{expo.OpenMetrics: {getsTotal}}},
	"histogram": {page: `# HELP h seconds
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
	"summary": {page: `# TYPE s summary
s{quantile="0.5",a="x"} NaN
s{quantile="1",a="x"} 2
s_sum{a="x"} 1.5
s_count{a="x"} 3
s_sum 2
`},
	"untyped": {page: "no_meta 1\n# HELP only_help what it is\nonly_help 2\n# TYPE u untyped\nu 3\nu_total 4\n"},
	"openmetrics": {kind: expo.OpenMetrics.ContentType(), page: `# HELP c \"quoted\" \\ \n
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
# TYPE q summary
q{quantile="0.5"} 1
q_sum 1
q_count 2
q_created 3
# TYPE u unknown
u 1
# EOF
`, lost: []convert.LossCount{{Loss: convert.LossExemplar, Name: "c_total", Count: 1}},
		differ: map[expo.Format][]string{expo.Text: {
			"counter becomes gauge", "counter: family named by its sample", "gauge: unit \"celsius\" becomes \"\"",
			"gaugehistogram becomes gauge", "gaugehistogram: family named by its sample",
			"histogram becomes gauge", "histogram: family named by its sample",
			"info becomes gauge", "info: family named by its sample", "stateset becomes gauge",
			"summary becomes gauge", "summary: family named by its sample",
		}}},
	"one line":        {page: "a 1\n"},
	"no line feed":    {page: "a 1"},
	"comments":        {page: "# a comment\n#\n\na 1\n# HELP b\n# TYPE b gauge\nb 2\n\n"},
	"long":            {page: `l{v="` + strings.Repeat("long ", 12_000) + "\"} 1\n" + strings.Repeat("n", 200) + " 2\n"},
	"many labels":     {page: "m{" + manyPairs(255) + "} 1\n"},
	"too many labels": {page: "m{" + manyPairs(256) + "} 1\na 1\n", lost: []convert.LossCount{{Loss: convert.LossLabels, Name: "m", Count: 1}}, differ: both(`lost "m" [{"l0" "v"} {"l1" "v"} {"l10" "v"} {"l100" "v"} {"l101" `)},
}

func manyPairs(n int) string {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(`l%d="v"`, i)
	}
	return strings.Join(pairs, ",")
}

func both(s ...string) map[expo.Format][]string {
	return map[expo.Format][]string{expo.Text: s, expo.OpenMetrics: s}
}

func TestOddPages(t *testing.T) {
	for name, c := range oddPages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.kind == "" {
				c.kind = textKind
			}
			if c.lost == nil {
				c.lost = []convert.LossCount{}
			}
			throughArchive(t, []byte(c.page), c.kind, c.lost, c.differ)
		})
	}
}

// TestManySeries takes 50,000 series through an archive and back.
func TestManySeries(t *testing.T) {
	t.Parallel()
	const families, each = 50, 1000
	var page bytes.Buffer
	for f := range families {
		fmt.Fprintf(&page, "# HELP family_%d Number %d.\n# TYPE family_%d gauge\n", f, f, f)
		for i := range each {
			fmt.Fprintf(&page, "family_%d{device=\"sd%d\",path=\"/a/%d\"} %d\n", f, i, i%7, f*each+i)
		}
	}
	throughArchive(t, page.Bytes(), textKind, []convert.LossCount{}, nil)
}
