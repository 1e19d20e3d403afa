package query

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/cachedir"
)

// Flags for long runs of the tests over random archives.
var (
	worlds = flag.Int("worlds", 25, "on how many random worlds of archives to compare answers")
	first  = flag.Uint64("first", 0, "the first one's seed")

	allBits = flag.Bool("allbits", false, "flip every bit of the files of a cache, not a choice")
)

// randomWorlds yields the seeds of the worlds to try.
func randomWorlds() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		n := *worlds
		if testing.Short() {
			n = min(n, 8)
		}
		for seed := *first; seed < *first+uint64(n) && yield(seed); seed++ {
		}
	}
}

// TestColumnsAnswerAsVolumes asks random hosts for random selections: without columns,
// while columns are made, and with the columns that were kept. Some columns are kept before
// anybody asks.
func TestColumnsAnswerAsVolumes(t *testing.T) {
	kept, n := 0, 0
	for seed := range randomWorlds() {
		n++
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { kept += columnsAnswerAsVolumes(t, seed) })
	}
	assert.Greater(t, kept, n/2)
}

// columnsAnswerAsVolumes asks the hosts of one seed, and returns how many archives have
// columns afterwards.
func columnsAnswerAsVolumes(t *testing.T, seed uint64) (kept int) {
	rng := rand.New(rand.NewPCG(seed, 11))
	dir, cacheDir := t.TempDir(), t.TempDir()
	from, to := randomWorld(t, dir, rng, false)
	names := namesIn(t, dir)
	if rng.IntN(3) == 0 {
		keepSome(t, newCache(cacheDir), dir, rng)
	}
	for range 25 {
		a := randomAsk(rng, names, from, to)
		plain := storageOf(t, nil, dir)
		want := a.of(t, plain)
		folder := cachedir.Open(cacheDir, 0)
		require.Equal(t, want, a.of(t, storageOf(t, columns.NewCache(folder), dir)), "first: %s", a)
		require.Empty(t, folder.Damage())
		again := storageOf(t, newCache(cacheDir), dir)
		require.Equal(t, want, a.of(t, again), "again: %s", a)
		require.Equal(t, a.labels(t, plain), a.labels(t, again), "labels: %s", a)
		require.Equal(t, a.rates(t, nil, dir), a.rates(t, newCache(cacheDir), dir), "rates: %s", a)
	}
	files, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
	require.NoError(t, err)
	return len(files)
}

// TestCountersFromColumns knows the semantics of metrics whose columns it read as well as
// those of others.
func TestCountersFromColumns(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 2), t.TempDir()
	plain := storageOf(t, nil, dir)
	counters := 0
	for range 2 {
		s := storageOf(t, newCache(cacheDir), dir)
		require.NotEmpty(t, everything.of(t, s).Series)
		for _, name := range namesIn(t, dir) {
			want := plain.onlyCounters([]string{name})
			assert.Equal(t, want, s.onlyCounters([]string{name}), name)
			if want {
				counters++
			}
		}
		assert.False(t, s.onlyCounters([]string{"none"}))
		assert.False(t, s.onlyCounters(nil))
	}
	assert.Positive(t, counters)
}

// TestColumnsOfScrapes asks for metrics that came from Prometheus, native histograms among
// them, in archives that follow one another.
func TestColumnsOfScrapes(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	for i, part := range []struct{ from, to int }{{0, 50}, {50, 90}, {100, 160}} {
		busyPart(t, filepath.Join(dir, fmt.Sprint("a", i)), part.from, part.to)
	}
	settle(t, dir)
	rng := rand.New(rand.NewPCG(3, 3))
	names := namesIn(t, dir)
	for range 150 {
		a := randomAsk(rng, names, at(0).UnixMilli(), at(1200).UnixMilli())
		want := a.of(t, storageOf(t, nil, dir))
		require.Equal(t, want, a.of(t, storageOf(t, newCache(cacheDir), dir)), "%s", a)
		require.Equal(t, want, a.of(t, storageOf(t, newCache(cacheDir), dir)), "%s", a)
	}
}

// TestColumnsTakeTheBudget wants the same samples to count.
func TestColumnsTakeTheBudget(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 3), t.TempDir()
	used := func(limit int, cache *columns.Cache) (int64, error) {
		s := storageOf(t, cache, dir)
		s.limit = limit
		q, err := s.Querier(everything.from, everything.to)
		require.NoError(t, err)
		err = q.Select(context.Background(), true, nil, everything.matchers...).Err()
		held := q.(*querier).budget
		return int64(held.limit) - held.left.Load(), err
	}
	want, err := used(1_000_000, nil)
	require.NoError(t, err)
	require.Positive(t, want)
	for range 2 {
		got, err := used(1_000_000, newCache(cacheDir))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		_, err = used(int(want), newCache(cacheDir))
		require.NoError(t, err)
		var limit *LimitError
		_, err = used(int(want)-1, newCache(cacheDir))
		require.ErrorAs(t, err, &limit)
	}
}

// TestGrowingArchiveHasNoColumns keeps nothing of an archive that may still be written, and
// nothing that it keeps of one state is an answer for another.
func TestGrowingArchiveHasNoColumns(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	w := newWriterAt(t, filepath.Join(dir, "rec"))
	w.record(0, one(counter, 1))
	w.record(1, one(counter, 2))
	require.NoError(t, w.a.Close())
	kept := func() int {
		files, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
		require.NoError(t, err)
		return len(files)
	}
	want := everything.of(t, storageOf(t, nil, dir))
	require.Equal(t, want, everything.of(t, storageOf(t, newCache(cacheDir), dir)))
	require.Zero(t, kept())
	settle(t, dir)
	require.Equal(t, want, everything.of(t, storageOf(t, newCache(cacheDir), dir)))
	require.Equal(t, 1, kept())

	a, err := archive.Continue(filepath.Join(dir, "rec"), nil)
	require.NoError(t, err)
	w.a = a
	w.record(2, one(counter, 3))
	require.NoError(t, w.a.Close())
	grown := everything.of(t, storageOf(t, newCache(cacheDir), dir))
	require.NotEqual(t, want, grown)
	require.Equal(t, everything.of(t, storageOf(t, nil, dir)), grown)
}

// TestColumnsOfManyHosts bounds what all hosts of a query read before they count it.
func TestColumnsOfManyHosts(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	for i := range 6 {
		archtest.Random(t, filepath.Join(dir, fmt.Sprint("a", i)), uint64(i), archtest.RandomOptions{Host: fmt.Sprint("host", i)})
	}
	settle(t, dir)
	want := everything.of(t, storageOf(t, nil, dir))
	for range 2 {
		s := storageOf(t, newCache(cacheDir), dir)
		require.Equal(t, want, everything.of(t, s))
		q, err := s.Querier(everything.from, everything.to)
		require.NoError(t, err)
		shared := q.(*hostsQuerier).hosts[0].budget
		before := shared.opening.Load()
		set := q.Select(context.Background(), true, nil, everything.matchers...)
		require.NoError(t, set.Err())
		assert.Equal(t, before, shared.opening.Load(), "what is counted is given back")
		for _, left := range []int64{0, 1, 50} {
			q, err := s.Querier(everything.from, everything.to)
			require.NoError(t, err)
			q.(*hostsQuerier).hosts[0].budget.opening.Store(left)
			set := q.Select(context.Background(), true, nil, everything.matchers...)
			n := 0
			for set.Next() {
				n++
			}
			assert.Equal(t, len(want.Series), n, "volumes answer for hosts that must not read columns")
		}
	}
}
