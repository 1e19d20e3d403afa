package scrape_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/scrape"
)

const (
	textKind        = "text/plain; version=0.0.4"
	openMetricsKind = "application/openmetrics-text; version=1.0.0"
)

// oddPages are pages that are hard to keep.
var oddPages = map[string]struct{ kind, body string }{
	"escapes": {textKind, "# HELP e back\\\\slash, line\\nfeed, \"quotes\"\n# TYPE e gauge\n" +
		`e{a="back\\slash",b="line\nfeed",c="\"quotes\"",d="{}=,#é日",e=" blanks "} 1` + "\n"},
	"values": {textKind, "v{i=\"nan\"} NaN\nv{i=\"inf\"} +Inf\nv{i=\"-inf\"} -Inf\nv{i=\"-0\"} -0\nv{i=\"exp\"} 1.5e-300\n" +
		"v{i=\"big\"} 1.7976931348623157e308\nv{i=\"tiny\"} 5e-324\nv{i=\"int\"} 9007199254740993\nv{i=\"third\"} 0.3333333333333333\n"},
	"duplicates":   {textKind, "d{a=\"1\"} 1\nd{a=\"2\"} 2\nd{a=\"1\"} 3\n"},
	"empty values": {textKind, "e{a=\"\",b=\"x\"} 1\ne{a=\"\"} 2\n"},
	"shapes":       {textKind, "s 1\ns{a=\"1\"} 2\nx:y:z 3\n_under 4\nx 5\nx:y 6\n"},
	"utf-8 names": {"text/plain; version=1.0.0; escaping=allow-utf-8",
		"# HELP \"http.server.duration\" dotted\n# TYPE \"http.server.duration\" gauge\n" +
			"{\"http.server.duration\",\"url.path\"=\"/\",method=\"GET\"} 1\n{\"größe in m²\"} 2\n{\"a.b\"} 3\n{\"a:b\"} 4\n"},
	"histogram": {textKind, "# HELP h how long\n# TYPE h histogram\n" +
		"h_bucket{p=\"a\",le=\"0.1\"} 1\nh_bucket{p=\"a\",le=\"1\"} 2\nh_bucket{p=\"a\",le=\"+Inf\"} 3\nh_sum{p=\"a\"} 1.5\nh_count{p=\"a\"} 3\n" +
		"h_bucket{p=\"b\",le=\"+Inf\"} 0\nh_sum{p=\"b\"} 0\nh_count{p=\"b\"} 0\n"},
	"summary": {textKind, "# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns{quantile=\"0.99\"} 2\ns_sum 10\ns_count 5\n"},
	"openmetrics": {openMetricsKind, "# HELP c requests\n# TYPE c counter\n# UNIT c_seconds seconds\nc_total{a=\"1\"} 17\nc_created{a=\"1\"} 1520430000.123\nc_total{a=\"2\"} 18\nc_created{a=\"2\"} 1520430001\n" +
		"# TYPE i info\n# HELP i build\ni_info{version=\"1.2\"} 1\n# TYPE st stateset\nst{st=\"on\"} 1\nst{st=\"off\"} 0\n" +
		"# TYPE gh gaugehistogram\ngh_bucket{le=\"1.0\"} 2\ngh_bucket{le=\"+Inf\"} 3\ngh_gsum 4\ngh_gcount 3\n" +
		"# TYPE len_seconds gauge\n# UNIT len_seconds seconds\nlen_seconds 0.5\n# TYPE u unknown\nu 1\n# EOF\n"},
	"timestamps": {textKind, "# TYPE t gauge\nt{a=\"1\"} 1 1600000000123\nt{a=\"2\"} 2 1600000000456\nt{a=\"3\"} 3\n"},
	"many":       {textKind, manySeries(50000)},
}

func manySeries(n int) string {
	var b strings.Builder
	b.WriteString("# TYPE many gauge\n")
	for i := range n {
		fmt.Fprintf(&b, "many{i=\"%d\",shard=\"%d\"} %d.25\n", i, i%7, i)
	}
	return b.String()
}

// Every odd page is recorded over HTTP into an archive that the reference finds
// no fault with, and is exported again as it was.
func TestOddPages(t *testing.T) {
	for name, p := range oddPages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recordOdd(t, p.kind, p.body)
		})
	}
}

// The same for the pages of real exporters.
func TestCorpusPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 12, "the corpus shrank")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			recordOdd(t, textKind, string(body))
		})
	}
}

func recordOdd(t *testing.T, kind, body string) {
	t.Helper()
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: serve(t, &page{body: body, kind: kind}), Name: "odd"})
	s.wait(2)
	r := s.finish()
	require.Zero(t, s.rec.Stats().Failed)
	for _, loss := range s.report.Losses() {
		require.Equal(t, convert.LossDuplicate, loss.Loss, loss.Name)
	}
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", s.base), "pmlogcheck is silent")

	format := expo.Text
	if strings.HasPrefix(kind, "application/openmetrics") {
		format = expo.OpenMetrics
	}
	snapshot := expo.NewSnapshot(expo.SnapshotOptions{})
	sink := convert.NewFlattener(snapshot, convert.FlattenOptions{NoHealth: true})
	require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(r, archive.Query{})))
	var out strings.Builder
	require.NoError(t, expo.Write(&out, snapshot.Families(), expo.Options{Format: format}))

	want := firstOnly(parsePage(t, []byte(body), kind))
	got := parsePage(t, []byte(out.String()), format.ContentType())
	assert.Equal(t, exact(want), exact(got))
	assertTimes(t, want, snapshot)
}

// firstOnly drops repeated series, of which Prometheus takes the first.
func firstOnly(entries []expo.Entry) []expo.Entry {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(entries), func(e expo.Entry) bool {
		key := fmt.Sprint(e.Name, e.Labels)
		again := seen[key]
		seen[key] = true
		return again
	})
}

// exact makes pages comparable: all a page says but times, whatever its order.
// Values are compared as bits, but for NaNs, of which text has one.
func exact(entries []expo.Entry) []string {
	var out []string
	for _, e := range entries {
		value := strconv.FormatUint(math.Float64bits(e.Value), 16)
		if math.IsNaN(e.Value) {
			value = "NaN"
		}
		f := e.Family
		out = append(out, fmt.Sprintf("%s %q %s | %s %s %q %s", e.Name, e.Labels, value, f.Name, f.Type, f.Help, f.Unit))
	}
	slices.Sort(out)
	return out
}

// assertTimes wants every time that the page gave kept to the millisecond.
func assertTimes(t *testing.T, want []expo.Entry, snapshot *expo.Snapshot) {
	t.Helper()
	times := map[string]int64{}
	for _, f := range snapshot.Families() {
		for _, s := range f.Samples {
			times[fmt.Sprint(s.Name, s.Labels)] = s.Time
		}
	}
	for _, e := range want {
		if e.HasTime {
			assert.Equal(t, e.Time, times[fmt.Sprint(e.Name, e.Labels)], "%s %v", e.Name, e.Labels)
		}
	}
}
