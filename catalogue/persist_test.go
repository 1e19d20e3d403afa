package catalogue_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// rotated writes archives of a host that repeat their metadata, of which the last has one
// more metric.
func rotated(t testing.TB, dir, host string, n int) {
	t.Helper()
	for i := range n {
		at := pcp.Timestamp{Sec: 1_700_000_000 + int64(i)*3600}
		a, err := archive.Create(filepath.Join(dir, fmt.Sprint(host, i)), archive.Header{Host: host, Zone: "UTC", Start: at}, nil)
		require.NoError(t, err)
		in := pcp.NewInDomID(60, 1)
		require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at, ID: in, Instances: []meta.Instance{{ID: 1, Name: "sda"}, {ID: 2, Name: "sdb"}}}))
		all := []*meta.Desc{
			{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, Sem: pcp.SemInstant, InDom: pcp.InDomNull, Names: []string{"a.one"}},
			{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeU32, Sem: pcp.SemInstant, InDom: in, Names: []string{"a.disk", "b.disk"}},
		}
		if i == n-1 {
			all = append(all, &meta.Desc{PMID: pcp.NewPMID(60, 0, 2), Type: pcp.TypeU32, Sem: pcp.SemInstant, InDom: pcp.InDomNull, Names: []string{"a.two"}})
		}
		res := &archive.Result{Stamp: at}
		for _, d := range all {
			require.NoError(t, a.Define(d))
			require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(d.PMID), Text: "about " + d.Name()}))
			set := archive.ValueSet{PMID: d.PMID}
			if d.InDom == pcp.InDomNull {
				set.Values = []history.Value{history.WordValue(pcp.InstNull, 1)}
			} else {
				set.Values = []history.Value{history.WordValue(1, 1), history.WordValue(2, 1)}
			}
			res.Sets = append(res.Sets, set)
		}
		require.NoError(t, a.Append(res))
		require.NoError(t, a.Close())
	}
}

// texts returns the series of a catalogue with a cache folder, and the faults of its files.
func texts(t testing.TB, sets []*store.Set, cache *cachedir.Dir) ([]string, []error) {
	t.Helper()
	c := catalogue.New(catalogue.Options{Cache: cache, Workers: 1}) // reads files in order
	s, err := c.View(sets).Select(t.Context(), pcp.TimestampMilli(always[0]), pcp.TimestampMilli(always[1]))
	require.NoError(t, err)
	all := []string{}
	for ls, host := range s.Series() {
		all = append(all, host+" "+ls.String())
	}
	return all, cache.Damage()
}

// entries returns the catalogue's files in a cache folder.
func entries(t testing.TB, cache string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(cache, "*.catalogue"))
	require.NoError(t, err)
	return all
}

// TestCachedIsTheSame answers from a cache that this and another process filled.
func TestCachedIsTheSame(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	rotated(t, dir, "h", 4)
	rotated(t, dir, "g", 3)
	for seed := range uint64(5) {
		archtest.Random(t, filepath.Join(dir, fmt.Sprint("rec", seed)), seed, archtest.RandomOptions{Twins: true})
	}
	want, _ := texts(t, open(t, dir), nil)
	require.Contains(t, want, `h {__name__="b_disk", hostname="h", instname="sdb"}`)
	for range 2 {
		got, faults := texts(t, open(t, dir), cachedir.Open(cache, 0))
		assert.Equal(t, want, got)
		assert.Empty(t, faults)
		assert.Len(t, entries(t, cache), 12)
	}
	// Without an archive that holds what others repeat, and without any file of one host.
	for range 12 {
		files := entries(t, cache)
		require.NoError(t, os.Remove(files[rand.IntN(len(files))]))
		got, faults := texts(t, open(t, dir), cachedir.Open(cache, 0))
		assert.Equal(t, want, got)
		assert.Empty(t, faults)
	}
}

// TestDamagedCache flips bits, cuts and mixes files of the cache. Answers stay right, and a
// fault is named once.
func TestDamagedCache(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	rotated(t, dir, "h", 3)
	sets := open(t, dir)
	want, _ := texts(t, sets, cachedir.Open(cache, 0))
	r := rand.New(rand.NewPCG(1, 1))
	named := 0
	for i := range 200 {
		files := entries(t, cache)
		require.NotEmpty(t, files)
		file := files[r.IntN(len(files))]
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		switch i % 4 {
		case 0:
			content = content[:r.IntN(len(content))]
		case 1:
			content = append(content[:r.IntN(len(content))], content...)
		default:
			content[r.IntN(len(content))] ^= 1 << r.IntN(8)
		}
		require.NoError(t, os.WriteFile(file, content, 0o600))
		got, faults := texts(t, sets, cachedir.Open(cache, 0))
		require.Equal(t, want, got, "damage %d", i)
		named += len(faults)
		for _, fault := range faults {
			require.ErrorAs(t, fault, new(*cachedir.DamagedError))
		}
		got, faults = texts(t, sets, cachedir.Open(cache, 0))
		require.Equal(t, want, got, "after damage %d", i)
		require.Empty(t, faults, "a fault is named once")
	}
	assert.Greater(t, named, 100, "nearly all damage is noticed; the rest is in bytes that nobody reads")
}

// TestCacheThatCannotBeWritten has a file in place of the folder.
func TestCacheThatCannotBeWritten(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	rotated(t, dir, "h", 2)
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	want, _ := texts(t, open(t, dir), nil)
	got, _ := texts(t, open(t, dir), cachedir.Open(filepath.Join(file, "cache"), 0))
	assert.Equal(t, want, got)
}

// TestConcurrentQuestions asks while archives come and go.
func TestConcurrentQuestions(t *testing.T) {
	dir := t.TempDir()
	rotated(t, dir, "h", 6)
	rotated(t, dir, "g", 6)
	want, _ := texts(t, open(t, dir), nil)
	c := catalogue.New(catalogue.Options{Cache: cachedir.Open(t.TempDir(), 0)})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 10 {
				v := c.View(open(t, dir))
				if worker == 0 {
					v = c.View(open(t, filepath.Join(dir, fmt.Sprint("h", i%6))))
				}
				s, err := v.Select(t.Context(), pcp.TimestampMilli(always[0]), pcp.TimestampMilli(always[1]))
				if !assert.NoError(t, err) || worker == 0 {
					continue
				}
				all := []string{}
				for ls, host := range s.Series() {
					all = append(all, host+" "+ls.String())
				}
				assert.Equal(t, want, all)
				assert.Equal(t, []string{"a_disk", "a_one", "a_two", "b_disk"}, s.LabelValues(model.MetricNameLabel))
				assert.Equal(t, []string{model.MetricNameLabel, "hostname", "instname"}, s.LabelNames())
			}
		})
	}
	wg.Wait()
}

// TestCancelled ends before it reads, and leaves the catalogue usable.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	rotated(t, dir, "h", 3)
	v := catalogue.New(catalogue.Options{}).View(open(t, dir))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Select(ctx, pcp.TimestampMilli(always[0]), pcp.TimestampMilli(always[1]))
	require.ErrorIs(t, err, context.Canceled)
	found, _ := seriesOf(t, v, always[0], always[1])
	assert.NotEmpty(t, found)
}

// TestCancelledMidway ends questions at random moments while they read and fill the cache.
func TestCancelledMidway(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	rotated(t, dir, "h", 20)
	rotated(t, dir, "g", 20)
	sets := open(t, dir)
	want, _ := texts(t, sets, nil)
	c := catalogue.New(catalogue.Options{Cache: cachedir.Open(cache, 0)})
	for range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
		_, err := c.View(sets).Select(ctx, pcp.Timestamp{}, pcp.Timestamp{})
		if err != nil {
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		cancel()
	}
	s, err := c.View(sets).Select(t.Context(), pcp.Timestamp{}, pcp.Timestamp{})
	require.NoError(t, err)
	assert.Equal(t, len(want), s.Len())
	got, faults := texts(t, sets, cachedir.Open(cache, 0))
	assert.Equal(t, want, got)
	assert.Empty(t, faults)
}

// TestForgetsArchivesThatAreGone follows an archive whose metadata changes all the time.
func TestForgetsArchivesThatAreGone(t *testing.T) {
	c := catalogue.New(catalogue.Options{})
	dir := t.TempDir()
	for i := range 100 {
		sub := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.Mkdir(sub, 0o755))
		rotated(t, sub, "h", 1)
		found, _ := seriesOf(t, c.View(open(t, sub)), always[0], always[1])
		assert.Len(t, found, 6)
	}
	assert.Less(t, catalogue.Parts(c), 100)
}
