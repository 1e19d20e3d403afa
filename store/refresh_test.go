package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func TestRefreshArchivesComeAndGo(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "web1", "mon"), "web1", 100)
	record(t, filepath.Join(dir, "db1", "mon"), "db1", 100)
	h := open(t, dir)
	same, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Same(t, h, same)

	record(t, filepath.Join(dir, "web1", "tue"), "web1", 200)
	next := refresh(t, h, dir)
	assert.Same(t, h.Sets()[0], next.Sets()[0], "nothing of db1 changed")
	require.Len(t, next.Sets()[1].Archives(), 2)
	first := func(h *store.Hosts) *archive.Reader {
		for r := range h.Sets()[1].Readers() {
			return r
		}
		return nil
	}
	assert.Same(t, first(h), first(next), "what is loaded remains so")

	record(t, filepath.Join(dir, "new", "deep", "mon"), "app1", 50)
	h = refresh(t, next, dir)
	require.Len(t, h.Sets(), 3)

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "db1")))
	next, changed, err = h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Len(t, next.Sets(), 2)
	assert.Empty(t, next.Problems())
	assert.NotContains(t, fmt.Sprint(content(t, h)), "db1")
	require.Len(t, h.Problems(), 1, "the former Hosts say what is gone")

	require.NoError(t, os.RemoveAll(dir))
	_, _, err = next.Refresh(t.Context())
	var none *store.NotArchiveError
	require.ErrorAs(t, err, &none)
	record(t, filepath.Join(dir, "mon"), "db1", 100)
	refreshed, changed, err := next.Refresh(t.Context())
	require.NoError(t, err, "an archive came after all had gone")
	assert.True(t, changed)
	assert.Equal(t, "db1", refreshed.Sets()[0].Host())
}

func TestRefreshGrowing(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(10)
	h := open(t, dir)
	reader := func(h *store.Hosts) *archive.Reader { return h.Sets()[0].Last() }
	meta := reader(h).Meta()

	w.put(20)
	next := refresh(t, h, dir)
	assert.Same(t, meta, reader(next).Meta(), "no metadata was written")
	end, err := next.End()
	require.NoError(t, err)
	assert.Equal(t, pcp.Timestamp{Sec: 20}, end)
	end, err = h.End()
	require.NoError(t, err)
	assert.Equal(t, pcp.Timestamp{Sec: 10}, end)

	w.define("m.second")
	w.put(30)
	h = refresh(t, next, dir)
	assert.True(t, h.HasMetric("m.second"))
	assert.False(t, next.HasMetric("m.second"))
	was, _ := meta.Desc(w.ids[0])
	now, _ := reader(h).Meta().Desc(w.ids[0])
	assert.Same(t, was, now, "the metadata was continued, not read anew")

	require.NoError(t, w.Rotate())
	w.put(40)
	next = refresh(t, h, dir)
	require.NoError(t, w.Close())
	_, _, err = next.Refresh(t.Context())
	require.NoError(t, err)
}

// TestRefreshTorn grows an archive byte by byte: the end of a record and of metadata
// come later than their beginning.
func TestRefreshTorn(t *testing.T) {
	from := filepath.Join(t.TempDir(), "whole")
	w := startRecording(t, from, "web1")
	w.put(10)
	sizes := map[string]int64{}
	for _, ext := range []string{".meta", ".0", ".index"} {
		info, err := os.Stat(from + ext)
		require.NoError(t, err)
		sizes[ext] = info.Size()
	}
	w.define("m.second")
	w.put(20)
	require.NoError(t, w.Close())

	dir := t.TempDir()
	to := filepath.Join(dir, "now")
	write := func(ext string, n int64) {
		data, err := os.ReadFile(from + ext)
		require.NoError(t, err)
		f, err := os.OpenFile(to+ext, os.O_CREATE|os.O_WRONLY, 0o644) // the same file, longer
		require.NoError(t, err)
		_, err = f.Write(data[:min(n, int64(len(data)))])
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	for ext, n := range sizes {
		write(ext, n)
	}
	h := open(t, dir)
	content(t, h)
	for _, ext := range []string{".meta", ".0"} {
		for _, more := range []int64{3, 30, 1 << 20} {
			write(ext, sizes[ext]+more)
			h = refresh(t, h, dir)
		}
	}
	assert.Equal(t, []string{"web1 10 m.first 10", "web1 20 m.first 20", "web1 20 m.second 20"}, content(t, h))
	assert.Empty(t, h.Problems())
}

func TestRefreshUnreadable(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "mon"), "web1", 100)
	bad := filepath.Join(dir, "bad")
	require.NoError(t, os.WriteFile(bad+".meta", []byte("\x00\x00\x00\x84\x50"), 0o644))
	h := open(t, dir)
	require.Len(t, h.Problems(), 1)
	_, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.False(t, changed, "it is as unreadable as before")
	require.NoError(t, os.Remove(bad+".meta"))
	record(t, bad, "web1", 300)
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Empty(t, next.Problems())
	assert.Len(t, next.Sets()[0].Archives(), 2)

	fixed := store.NewHosts(next.Sets()...)
	same, changed, err := fixed.Refresh(t.Context())
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Same(t, fixed, same)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = next.Refresh(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

// TestRefreshLeavesNothing opens and replaces many archives: neither open files nor
// the metadata of former states remain.
func TestRefreshLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(1)
	h := open(t, dir)
	content(t, h)
	files := openFiles(t)
	held := store.Held(h)
	for i := range int64(50) {
		w.put(10 + i)
		next, changed, err := h.Refresh(t.Context())
		require.NoError(t, err)
		require.True(t, changed)
		h = next
		content(t, h)
	}
	assert.Equal(t, files, openFiles(t))
	assert.Equal(t, held, store.Held(h))
	require.NoError(t, w.Close())
}

// TestRefreshConcurrently reads old and new Hosts while archives grow, come and go.
func TestRefreshConcurrently(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(1)
	h := open(t, dir)
	var reading sync.WaitGroup
	for i := range int64(30) {
		now := h
		for range 2 {
			reading.Go(func() {
				for _, set := range now.Sets() {
					n := 0
					for _, err := range set.Steps(history.Query{}) {
						assert.NoError(t, err)
						n++
					}
					assert.Positive(t, n)
					_, err := set.End()
					assert.NoError(t, err)
					set.Problems()
				}
			})
		}
		if i%5 == 0 {
			w.define(fmt.Sprintf("m.n%d", i))
		}
		w.put(10 + i)
		record(t, filepath.Join(dir, fmt.Sprintf("a%d", i)), "db1", 100*i)
		next, _, err := h.Refresh(t.Context())
		require.NoError(t, err)
		h = next
	}
	reading.Wait()
	require.NoError(t, w.Close())
}
