package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// writer appends to an archive with one metric for each call of define.
type writer struct {
	*archive.Appender
	t    *testing.T
	ids  []pcp.PMID
	base string
}

func startRecording(t *testing.T, base, host string) *writer {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC"}, nil)
	require.NoError(t, err)
	w := &writer{Appender: a, t: t, base: base}
	w.define("m.first")
	return w
}

func (w *writer) define(name string) {
	w.t.Helper()
	id := pcp.NewPMID(60, 0, uint32(len(w.ids)))
	require.NoError(w.t, w.Define(&meta.Desc{PMID: id, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{name}}))
	w.ids = append(w.ids, id)
}

// put appends a record with all metrics and makes it visible.
func (w *writer) put(at int64) {
	w.t.Helper()
	res := &archive.Result{Stamp: pcp.Timestamp{Sec: at}}
	for _, id := range w.ids {
		res.Sets = append(res.Sets, archive.ValueSet{PMID: id, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(at))}})
	}
	require.NoError(w.t, w.Append(res))
	require.NoError(w.t, w.Flush())
}

// content lists the values of all hosts: "host seconds metric value", or "host
// seconds mark".
func content(t *testing.T, h *store.Hosts) (lines []string) {
	t.Helper()
	for _, set := range h.Sets() {
		for step, err := range set.Steps(history.Query{}) {
			require.NoError(t, err)
			if step.Mark {
				lines = append(lines, fmt.Sprintf("%s %d mark", set.Host(), step.Stamp.Sec))
			}
			for _, mv := range step.Metrics {
				lines = append(lines, fmt.Sprintf("%s %d %s %d", set.Host(), step.Stamp.Sec, mv.Metric.Name, mv.Points[0].Value.Bits))
			}
		}
	}
	return lines
}

// refresh requires that Hosts changed, that the new ones hold the same as Hosts
// opened anew, and that the former answer as before.
func refresh(t *testing.T, h *store.Hosts, path string) *store.Hosts {
	t.Helper()
	before := content(t, h)
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	anew, err := store.Open([]string{path}, nil)
	require.NoError(t, err)
	assert.Equal(t, content(t, anew), content(t, next))
	assert.Equal(t, before, content(t, h), "the former Hosts do not change")
	again, changed, err := next.Refresh(t.Context())
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Same(t, next, again)
	return next
}

func open(t *testing.T, path string) *store.Hosts {
	t.Helper()
	h, err := store.Open([]string{path}, nil)
	require.NoError(t, err)
	return h
}

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

func TestRefreshReplaced(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "mon")
	other := filepath.Join(t.TempDir(), "mon")
	record(t, base, "web1", 100)
	record(t, filepath.Join(dir, "tue"), "web1", 200)
	record(t, other, "db1", 100)
	h := open(t, dir)
	for _, ext := range []string{".meta", ".0", ".index"} {
		require.NoError(t, os.Rename(other+ext, base+ext))
	}
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	require.Len(t, next.Sets(), 2)
	assert.Equal(t, "db1", next.Sets()[0].Host())
	assert.Equal(t, []string{"web1 200 disk.dev.read 0", "web1 201 disk.dev.read 1"}, content(t, h), "values of db1 are not web1's")
	require.Len(t, h.Problems(), 1)
	assert.ErrorContains(t, h.Problems()[0].Err, "another archive has taken the place")

	// The same files, overwritten with longer ones of another host.
	third := filepath.Join(t.TempDir(), "mon")
	w := startRecording(t, third, "third")
	for i := range int64(50) {
		w.put(i)
	}
	require.NoError(t, w.Close())
	for _, ext := range []string{".meta", ".0", ".index"} {
		data, err := os.ReadFile(third + ext)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(base+ext, data, 0o644))
	}
	h, changed, err = next.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, "third", h.Sets()[0].Host())
	assert.Equal(t, content(t, open(t, dir)), content(t, h))
}

// TestRefreshRewritten changes files where they are, without a change of their length.
func TestRefreshRewritten(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(10)
	require.NoError(t, w.Close())
	h := open(t, dir)
	assert.Equal(t, []string{"web1 10 m.first 10"}, content(t, h))
	data, err := os.ReadFile(w.base + ".meta")
	require.NoError(t, err)
	f, err := os.OpenFile(w.base+".meta", os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("other"), int64(bytes.Index(data, []byte("first"))))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	later := time.Now().Add(time.Minute)
	require.NoError(t, os.Chtimes(w.base+".meta", later, later))
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, []string{"web1 10 m.other 10"}, content(t, next))
}

func TestRefreshTruncated(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(10)
	info, err := os.Stat(w.base + ".0")
	require.NoError(t, err)
	w.put(20)
	require.NoError(t, w.Close())
	h := open(t, dir)
	assert.Len(t, content(t, h), 2)
	require.NoError(t, os.Truncate(w.base+".0", info.Size()))
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, []string{"web1 10 m.first 10"}, content(t, next))
	assert.Equal(t, content(t, next), content(t, h), "answers what it can")
}

func TestRefreshCompressed(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("xz is not installed")
	}
	dir := t.TempDir()
	record(t, filepath.Join(dir, "mon"), "web1", 100)
	record(t, filepath.Join(dir, "tue"), "web1", 200)
	h := open(t, dir)
	want := content(t, h)
	for _, file := range []string{"mon.0", "mon.meta"} {
		require.NoError(t, exec.Command("xz", filepath.Join(dir, file)).Run())
		h = refresh(t, h, dir)
		assert.Equal(t, want, content(t, h))
	}
	assert.Empty(t, h.Problems())
}

// TestCompressedMeanwhile opens an archive while a program compresses its volume, and reads
// it after that.
func TestCompressedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "mon"), "web1", 100)
	volume := filepath.Join(dir, "mon.0")
	for _, begun := range []int{0, 10} { // bytes that are written when the archive is opened
		data, err := os.ReadFile(volume)
		require.NoError(t, err)
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile(volume+".gz", packed.Bytes()[:begun], 0o644))
		want, h := content(t, open(t, dir)), open(t, dir)
		require.NotEmpty(t, want)
		require.NoError(t, os.WriteFile(volume+".gz", packed.Bytes(), 0o644))
		require.NoError(t, os.Remove(volume))
		assert.Equal(t, want, content(t, h))
		assert.Empty(t, h.Problems())
		require.NoError(t, os.WriteFile(volume, data, 0o644))
		require.NoError(t, os.Remove(volume+".gz"))
	}
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

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of open files")
	}
	return len(all)
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
