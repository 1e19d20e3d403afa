package columns

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/store"
)

// sequence writes archives of one host, one after the other, and opens them.
func sequence(t testing.TB, n int) []*store.Set {
	t.Helper()
	dir := t.TempDir()
	at := archtest.Start
	for i := range n {
		archtest.Random(t, filepath.Join(dir, fmt.Sprint("a", i)), uint64(i), archtest.RandomOptions{Start: at})
		at = at.Add(1000 * time.Hour)
	}
	return storetest.Sets(t, dir)
}

// keptBases returns the archives whose columns are kept as a whole.
func keptBases(c *Cache, sets []*store.Set) (kept []string) {
	for _, set := range sets {
		for _, a := range set.Archives() {
			if en := c.Get(c.Key(a.State)); en != nil && en.Whole {
				kept = append(kept, filepath.Base(a.Base))
				_ = en.Close()
			}
		}
	}
	return kept
}

// TestFiller keeps the columns of all archives but the last one, which may still grow.
func TestFiller(t *testing.T) {
	sets := sequence(t, 4)
	c := NewCache(cachedir.Open(t.TempDir(), 0))
	f := NewFiller(c, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(ctx)
	}()
	f.Follow(sets)
	want := []string{"a0", "a1", "a2"}
	assert.Eventually(t, func() bool { return len(keptBases(c, sets)) == len(want) }, time.Minute, time.Millisecond)
	cancel()
	<-ended
	assert.Equal(t, want, keptBases(c, sets))
	assert.Empty(t, c.dir.Damage())

	// What is kept is not read again.
	for _, a := range f.candidates(sets) {
		assert.True(t, f.has(a.key))
	}
}

// TestFillerStopsWhenFull removes nothing to make room.
func TestFillerStopsWhenFull(t *testing.T) {
	sets := sequence(t, 12)
	small := NewCache(cachedir.Open(t.TempDir(), 14_000))
	NewFiller(small, 1).fill(context.Background(), sets)
	kept := keptBases(small, sets)
	require.NotEmpty(t, kept)
	assert.Less(t, len(kept), 11)
	assert.Contains(t, kept, "a10", "the newest come first")
}

// TestPacer rests for as long as its share demands.
func TestPacer(t *testing.T) {
	p := &pacer{share: 0.5, since: time.Now().Add(-20 * time.Millisecond)}
	begin := time.Now()
	require.NoError(t, p.pause(context.Background()))
	assert.GreaterOrEqual(t, time.Since(begin), 20*time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p.since = time.Now().Add(-time.Minute)
	require.ErrorIs(t, p.pause(ctx), context.Canceled)
}

// TestEntriesThatShareNames makes entries in memory while others keep the names that all share.
// The race detector looks at it.
func TestEntriesThatShareNames(t *testing.T) {
	c := NewCache(cachedir.Open(t.TempDir(), 0))
	r := randomArchive(t, 3)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			b, err := c.Read(context.Background(), r, Options{})
			if !assert.NoError(t, err) {
				return
			}
			defer b.Close()
			assert.NoError(t, c.Put(cachedir.DerivedKey([]byte{byte(i)}), b))
			en, err := b.Entry()
			assert.NoError(t, err)
			assert.Equal(t, b.Names, en.Names)
		})
	}
	all.Wait()
}
