package browse

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// begin is the time of the first record of tests.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var (
	written = &meta.Desc{
		PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"disk.all.write_bytes"},
		Units: pcp.Units{DimSpace: 1, ScaleSpace: 1},
	}
	release = &meta.Desc{PMID: pcp.NewPMID(60, 12, 0), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"kernel.uname.release"}}
)

// record writes an archive with a record each ten seconds.
func record(t *testing.T, base, host string, first, last int) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "CET-1", ZoneInfo: ":Europe/Paris", PID: 1}, nil)
	require.NoError(t, err)
	require.NoError(t, a.Define(written))
	require.NoError(t, a.Define(release))
	require.NoError(t, a.SetText(&meta.Text{Ident: uint32(written.PMID), Type: meta.TextPMID | meta.TextOneLine, Text: "<b>bytes</b> written"}))
	for sec := first; sec < last; sec += 10 {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.TimestampOf(begin.Add(time.Duration(sec) * time.Second)), Sets: []archive.ValueSet{
			{PMID: written.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(sec))}},
		}}))
	}
	require.NoError(t, a.Close())
}

// fixed is a Source of one state.
type fixed struct {
	view     View
	acquired sync.WaitGroup
}

func (f *fixed) Browse() (*View, func()) {
	f.acquired.Add(1)
	return &f.view, f.acquired.Done
}

// serve returns a function that asks an API over archives.
func serve(t *testing.T, dir string, move timeshift.Move) func(path string, reply any) int {
	t.Helper()
	sets := storetest.Sets(t, dir)
	source := &fixed{view: View{Contents: NewContents(sets, catalogue.New(catalogue.Options{})), Move: move, Status: Status{Version: "v1"}}}
	handler := New(source, slog.New(slog.DiscardHandler)).Handler()
	t.Cleanup(source.acquired.Wait)
	return func(path string, reply any) int {
		t.Helper()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(body, reply), "%s", body)
		return w.Code
	}
}

func TestArchives(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "a"), "web1", 0, 100)
	record(t, filepath.Join(dir, "b"), "web1", 1000, 1100)
	record(t, filepath.Join(dir, "c"), "web2", 0, 50)
	ask := serve(t, dir, timeshift.None)
	var reply Status
	require.Equal(t, http.StatusOK, ask("/api/archives", &reply))
	assert.Equal(t, "v1", reply.Version)
	require.Len(t, reply.Hosts, 2)
	web1 := reply.Hosts[0]
	assert.Equal(t, "web1", web1.Host)
	assert.Equal(t, "Europe/Paris", web1.Zone)
	assert.Equal(t, 3600, web1.Offset)
	assert.InDelta(t, 10, web1.Interval, 0.01)
	assert.Equal(t, &Span{Seconds(begin), Seconds(begin.Add(1090 * time.Second))}, web1.Span)
	require.Len(t, web1.Archives, 2)
	first := web1.Archives[0]
	assert.Equal(t, filepath.Join(dir, "a"), first.Path)
	assert.Equal(t, &Span{Seconds(begin), Seconds(begin.Add(90 * time.Second))}, first.Span)
	assert.Equal(t, 3, first.Version)
	assert.Equal(t, 3, first.Files)
	assert.Positive(t, first.Bytes)
	assert.False(t, first.Packed)
}

// TestMoved wants the times that clients see, and nothing that a replay has not reached.
func TestMoved(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "a"), "web1", 0, 100)
	record(t, filepath.Join(dir, "b"), "web1", 1000, 1100)
	by, until := int64(3_600_000), begin.Add(50*time.Second).UnixMilli()
	ask := serve(t, dir, timeshift.Move{By: by, Until: until})
	var reply Status
	require.Equal(t, http.StatusOK, ask("/api/archives", &reply))
	require.Len(t, reply.Hosts[0].Archives, 1)
	want := &Span{Seconds(begin.Add(time.Hour)), Seconds(begin.Add(time.Hour + 50*time.Second))}
	assert.Equal(t, want, reply.Hosts[0].Archives[0].Span)
	assert.Equal(t, want, reply.Hosts[0].Span)
}

func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "a"), "web1", 0, 20)
	record(t, filepath.Join(dir, "b"), "web2", 0, 20)
	ask := serve(t, dir, timeshift.None)
	var reply struct{ Metrics []Metric }
	require.Equal(t, http.StatusOK, ask("/api/metrics", &reply))
	assert.Equal(t, []Metric{{
		Name: "disk.all.write_bytes", PromQL: "disk_all_write_bytes", Type: "counter", Semantics: "counter", Units: "Kbyte", Native: true,
		OneLine: "<b>bytes</b> written", Help: "<b>bytes</b> written",
	}}, reply.Metrics, "each metric once, texts left out")
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	record(t, good, "web1", 0, 100)
	record(t, bad, "web1", 200, 300)
	volume, err := os.ReadFile(bad + ".0")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(bad+".0", volume[:len(volume)-7], 0o644))
	ask := serve(t, dir, timeshift.None)
	check := func(path string) Checked {
		var reply Checked
		require.Equal(t, http.StatusOK, ask("/api/check?archive="+url.QueryEscape(path), &reply))
		return reply
	}
	clean := check(good)
	assert.Contains(t, clean.Verdict, "whole")
	for _, f := range clean.Findings {
		assert.Equal(t, "note", f.Severity, f.Message)
	}
	found := check(bad)
	require.NotEmpty(t, found.Findings)
	assert.Equal(t, "frame-torn", string(found.Findings[0].Code))
	assert.NotEmpty(t, found.Verdict)
	assert.Equal(t, found, check(bad), "the result is kept")
	for _, path := range []string{"", filepath.Join(dir, "none"), "/etc/passwd", good + ".0"} {
		var reply struct{ Error string }
		assert.Equal(t, http.StatusNotFound, ask("/api/check?archive="+url.QueryEscape(path), &reply), path)
		assert.Contains(t, reply.Error, "no archive of this server")
	}
}
