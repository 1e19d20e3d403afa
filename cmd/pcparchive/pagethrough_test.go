package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
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
