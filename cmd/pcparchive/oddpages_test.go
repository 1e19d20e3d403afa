package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/oddpages"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/scrape"
)

// recordPage has a page scraped once into a real archive.
func recordPage(t *testing.T, page []byte, kind string) (base string, losses []prom.LossCount) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(page)
	}))
	defer server.Close()
	report := &prom.Report{}
	base = filepath.Join(t.TempDir(), "rec")
	mapper, err := mapper.New(mapper.Options{Host: "tester", Report: report})
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
	said := errs.String()
	if format == expo.Text { // which has no place for one
		said = string(bytes.TrimPrefix([]byte(said), []byte("exemplar dropped: once: c_total\n")))
	}
	require.Empty(t, said)
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
func throughArchive(t *testing.T, page []byte, kind string, lost []prom.LossCount, differ map[expo.Format][]string) {
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
		add(true, oddpages.LosesTotal)
	case g.Name == is.Name:
		add(true, "%s: family named by its sample", f.Type)
	default:
		add(true, "family %s becomes %s", f.Name, g.Name)
	}
	add(f.Help != g.Help, "%s: help %q becomes %q", f.Type, f.Help, g.Help)
	add(f.Unit != g.Unit, "%s: unit %q becomes %q", f.Type, f.Unit, g.Unit)
	add(!sameNumber(was.Value, is.Value), "%s: value %v becomes %v", was.Name, was.Value, is.Value)
	add(was.Exemplar != nil && is.Exemplar == nil, "exemplar lost")
	add(was.Exemplar != nil && is.Exemplar != nil && !was.Exemplar.Equal(is.Exemplar), "%s: exemplar %v becomes %v", was.Name, was.Exemplar, is.Exemplar)
	add(was.Time != is.Time, "%s: time %d becomes %d", seriesKey(was), was.Time, is.Time)
	return said
}

// sameNumber compares to the sign of zero.
func sameNumber(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// corpusRepeats counts, by file of the corpus and metric, the lines whose series an
// earlier line has.
var corpusRepeats = map[string]map[string]int64{
	"reordered-labels.txt":           {"http_request_duration_microseconds": 3},
	"sample-pmda-3.12.2.txt":         sampleRepeats,
	"sample-pmda-instname-5.0.0.txt": sampleRepeats,
}

// sampleRepeats has the metrics of PCP's sample agent whose instances share names.
var sampleRepeats = map[string]int64{
	"sample:bogus_bin": 3, "sample:dupnames:pid_daemon": 2, "sample:dupnames:three:bin": 18, "sample:dupnames:two:double:ten": 1,
	"sample:dupnames:two:float:ten": 1, "sample:dupnames:two:seconds_seconds_total": 1,
}

// repeatedLines returns what a report says of lines that repeat a series.
func repeatedLines(counts map[string]int64) []prom.LossCount {
	lost := []prom.LossCount{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		lost = append(lost, prom.LossCount{Loss: prom.LossDuplicate, Name: name, Count: counts[name]})
	}
	return lost
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
			throughArchive(t, page, textKind, repeatedLines(corpusRepeats[name]), map[expo.Format][]string{expo.OpenMetrics: oddpages.Corpus[name]})
		})
	}
}

const textKind = "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8"

// oddPages has, by name, what of the odd pages an archive does not keep and what
// a format cannot say.
var oddPages = map[string]struct {
	lost   []prom.LossCount
	differ map[expo.Format][]string
}{
	// Prometheus' scraper refuses what is more than ten minutes ahead.
	"a time to come": {lost: []prom.LossCount{{Loss: prom.LossFuture, Name: "t", Count: 1}}, differ: both(`lost "t" [{"at" "to come"}]`)},
	"duplicates":     {lost: []prom.LossCount{{Loss: prom.LossDuplicate, Name: "d", Count: 4}}},
	"repeated lines": {lost: []prom.LossCount{{Loss: prom.LossDuplicate, Name: "d", Count: 1}}},
	// A label that the target has with the same value is the target's.
	"the target's label": {differ: both(`lost "j" [{"job" "page"} {"x" "1"}]`, `new "j" [{"x" "1"}]`)},
	// What the scraper knows of a family it finds again under its name as the
	// page writes it.
	"escapes in names": {differ: both("gauge becomes unknown", `gauge: help "dots, blanks, quotes" becomes ""`)},
	"openmetrics": {
		differ: map[expo.Format][]string{expo.Text: {
			"counter becomes gauge", "counter: family named by its sample", "exemplar lost", "gauge: unit \"celsius\" becomes \"\"",
			"gaugehistogram becomes gauge", "gaugehistogram: family named by its sample",
			"histogram becomes gauge", "histogram: family named by its sample",
			"info becomes gauge", "info: family named by its sample", "stateset becomes gauge",
			"summary becomes gauge", "summary: family named by its sample",
		}}},
	"duplicates of several times": {lost: []prom.LossCount{{Loss: prom.LossDuplicate, Name: "d", Count: 4}}},
	"times of a counter": {lost: []prom.LossCount{{Loss: prom.LossFuture, Name: "t", Count: 1}}, differ: map[expo.Format][]string{
		expo.Text:        {`lost "t" [{"at" "far"}]`},
		expo.OpenMetrics: {`lost "t" [{"at" "far"}]`},
	}},
	"counter with gauge of creation": {differ: map[expo.Format][]string{
		expo.OpenMetrics: {oddpages.LosesTotal, "family c_created becomes c", "gauge becomes counter"},
	}},
	"metadata that comes late": {differ: both("counter becomes unknown", `unknown: help "" becomes "too late"`)},
	"too many labels":          {lost: []prom.LossCount{{Loss: prom.LossLabels, Name: "m", Count: 1}}, differ: both(`lost "m" [{"l0" "v"} {"l1" "v"} {"l10" "v"} {"l100" "v"} {"l101" `)},
}

func both(s ...string) map[expo.Format][]string {
	return map[expo.Format][]string{expo.Text: s, expo.OpenMetrics: s}
}

func TestOddPages(t *testing.T) {
	for _, page := range oddpages.Pages {
		t.Run(page.Name, func(t *testing.T) {
			t.Parallel()
			want := oddPages[page.Name]
			if want.lost == nil {
				want.lost = []prom.LossCount{}
			}
			kind := textKind
			if page.OpenMetrics {
				kind = expo.OpenMetrics.ContentType()
			}
			throughArchive(t, []byte(page.Text), kind, want.lost, want.differ)
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
	throughArchive(t, page.Bytes(), textKind, []prom.LossCount{}, nil)
}
