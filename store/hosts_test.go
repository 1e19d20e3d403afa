package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// record writes an archive of a host with one metric, disk.dev.read, at two times.
func record(t *testing.T, base, host string, start int64) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC"}, nil)
	require.NoError(t, err)
	reads := &meta.Desc{PMID: pcp.NewPMID(60, 0, 4), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"disk.dev.read"}}
	require.NoError(t, a.Define(reads))
	for i := range int64(2) {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: start + i}, Sets: []archive.ValueSet{{
			PMID: reads.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(i))},
		}}}))
	}
	require.NoError(t, a.Close())
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "db1", "mon"), "db1", 200)
	record(t, filepath.Join(dir, "web1", "mon"), "web1", 100)
	record(t, filepath.Join(dir, "web1", "old", "sun"), "web1", 50)
	record(t, filepath.Join(dir, ".pcparchive-aside", "mon"), "aside", 10)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web1", "bad.meta"), []byte("\x00\x00\x00\x84\x50"), 0o644))

	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	require.Len(t, h.Sets(), 2)
	assert.Equal(t, "db1", h.Sets()[0].Host())
	assert.Len(t, h.Sets()[1].Archives(), 2)
	assert.Equal(t, pcp.Timestamp{Sec: 50}, h.Header().Start)
	end, err := h.End()
	require.NoError(t, err)
	assert.Equal(t, pcp.Timestamp{Sec: 201}, end)
	assert.True(t, h.HasMetric("disk.dev"))
	assert.False(t, h.HasMetric("disk.de"))
	require.Len(t, h.Problems(), 1)
	assert.True(t, h.Problems()[0].Skipped)
	assert.Equal(t, filepath.Join(dir, "web1", "bad"), h.Problems()[0].Archive)

	_, err = h.Only()
	var several *store.HostsError
	require.ErrorAs(t, err, &several)
	assert.Equal(t, []string{"db1", "web1"}, several.Hosts)
}

// TestTail tells a record that is still being written from damage elsewhere.
func TestTail(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"mon", "tue"} {
		base := filepath.Join(dir, name)
		record(t, base, "web1", 100*int64(i+1))
		data, err := os.ReadFile(base + ".0")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(base+".0", data[:len(data)-3], 0o644))
	}
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	for _, err := range h.Sets()[0].Steps(history.Query{}) {
		require.NoError(t, err)
	}
	tails := map[string]bool{}
	for _, p := range h.Problems() {
		tails[filepath.Base(p.Archive)] = p.Tail
	}
	assert.Equal(t, map[string]bool{"mon": false, "tue": true}, tails)
}

func TestOpenNoArchive(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "mon"), "web1", 100)
	for _, name := range []string{"notes", "all.tar.xz"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	for path, want := range map[string]store.NotArchiveReason{
		"": store.EmptyName, "-": store.Stream, filepath.Join(dir, "none"): store.Missing, filepath.Join(dir, "notes"): store.OtherFile,
		filepath.Join(dir, "all.tar.xz"): store.Packed, filepath.Join(dir, "empty"): store.EmptyFolder,
	} {
		_, err := store.Open([]string{filepath.Join(dir, "mon"), path}, nil)
		if want == store.EmptyFolder {
			require.NoError(t, err, "beside an archive an empty folder adds nothing")
			_, err = store.Open([]string{path}, nil)
		}
		var e *store.NotArchiveError
		require.ErrorAs(t, err, &e, path)
		assert.Equal(t, want, e.Reason, path)
		assert.Equal(t, want == store.Missing, errors.Is(err, fs.ErrNotExist), path)
	}
	_, err := store.Open(nil, nil)
	require.Error(t, err)
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	mon, sun := filepath.Join(dir, "mon"), filepath.Join(dir, "old", "sun")
	record(t, mon, "web1", 100)
	record(t, sun, "web1", 50)
	require.NoError(t, os.Remove(sun+".meta"))
	require.NoError(t, os.Remove(sun+".0"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mon.txt"), nil, 0o644))

	found, err := store.Find([]string{mon + ".0", dir, filepath.Join(dir, "none")})
	assert.Equal(t, []string{mon, sun}, found, "each once, and one of which only the index is left")
	var e *store.NotArchiveError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, filepath.Join(dir, "none"), e.Path)

	base, ok := store.BaseOf(mon + ".meta")
	assert.Equal(t, mon, base)
	assert.True(t, ok)
	_, ok = store.BaseOf(mon + ".txt")
	assert.False(t, ok)
	assert.True(t, store.Holds(dir))
	assert.False(t, store.Holds(t.TempDir()))
}
