package query

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

// newCache returns a cache of a process in a folder.
func newCache(dir string) *columns.Cache { return columns.NewCache(cachedir.Open(dir, 0)) }

// storageOf opens archives, with columns if there is a cache.
func storageOf(t testing.TB, cache *columns.Cache, dir string) *Storage {
	t.Helper()
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return NewStorage(hosts.Sets(), Options{Lookback: 5 * time.Minute, Columns: cache})
}

// selected is what a selection returns, as text.
type selected struct {
	Series   []string
	Warnings []string
}

// ask is a selection.
type ask struct {
	from, to int64
	hints    *storage.SelectHints
	matchers []*labels.Matcher
	bridge   bool
}

func (a ask) String() string {
	return fmt.Sprint(a.from, " ", a.to, " ", a.hints, " ", a.matchers, " ", a.bridge)
}

func (a ask) of(t testing.TB, s *Storage) (got selected) {
	t.Helper()
	if a.bridge {
		s = s.bridged()
	}
	q, err := s.Querier(a.from, a.to)
	require.NoError(t, err)
	set := q.Select(context.Background(), true, a.hints, a.matchers...)
	for set.Next() {
		got.Series = append(got.Series, samplesText(t, set.At()))
	}
	require.NoError(t, set.Err())
	for _, w := range set.Warnings() {
		got.Warnings = append(got.Warnings, w.Error())
	}
	slices.Sort(got.Warnings)
	return got
}

// samplesText returns the labels of a series and every bit of its samples.
func samplesText(t testing.TB, s storage.Series) string {
	out := s.Labels().String()
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if kind == chunkenc.ValFloat {
			at, v := it.At()
			out += fmt.Sprintf(" %d=%v/%x", at, v, math.Float64bits(v))
			continue
		}
		at, h := it.AtFloatHistogram(nil)
		out += fmt.Sprint(" ", at, "=", valueText(0, h))
	}
	require.NoError(t, it.Err())
	return out
}

// randomHost writes archives of one host, some of which overlap, and returns their time.
// apart keeps the names of metrics apart in Prometheus.
func randomHost(t testing.TB, dir, host string, rng *rand.Rand, apart bool) (from, to int64) {
	t.Helper()
	begin := archtest.Start
	for i := range 1 + rng.IntN(4) {
		base := filepath.Join(dir, fmt.Sprintf("a%d", i))
		archtest.Random(t, base, rng.Uint64(), archtest.RandomOptions{Host: host, Start: begin, Twins: rng.IntN(2) == 0, Gaps: rng.IntN(2) == 0, Text: true, Apart: apart})
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		end, err := r.End()
		require.NoError(t, err)
		to = max(to, end.Milli())
		switch rng.IntN(6) {
		case 0:
			begin = begin.Add(end.Sub(begin) / 2) // overlaps
		case 1:
			begin = end
		case 2:
			begin = end.Add(time.Duration(rng.IntN(3)) * time.Millisecond / 2)
		default:
			begin = end.Add(time.Duration(rng.IntN(600)) * time.Second)
		}
		if rng.IntN(5) == 0 {
			damage(t, base, rng)
		}
		settle(t, dir)
	}
	return archtest.Start.Milli(), to
}

// damage changes some bytes of an archive's volume.
func damage(t testing.TB, base string, rng *rand.Rand) {
	t.Helper()
	data, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	if len(data) <= 200 {
		return // it has no record
	}
	for range 1 + rng.IntN(3) {
		data[200+rng.IntN(len(data)-200)] ^= byte(1 + rng.IntN(255))
	}
	require.NoError(t, os.WriteFile(base+".0", data, 0o600))
}

// settle makes all files old enough to count as closed.
func settle(t testing.TB, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	old := time.Now().Add(-24 * time.Hour)
	for _, f := range files {
		require.NoError(t, os.Chtimes(filepath.Join(dir, f.Name()), old, old))
	}
}

// randomAsk returns a selection of some time and metrics.
func randomAsk(rng *rand.Rand, names []string, from, to int64) ask {
	a := ask{from: from - 300_000, to: to + rng.Int64N(100_000), bridge: rng.IntN(2) == 0}
	if rng.IntN(2) == 0 {
		a.from = from + rng.Int64N(to-from+1)
		a.to = a.from + rng.Int64N(to-a.from+300_000)
	}
	name := names[rng.IntN(len(names))]
	switch rng.IntN(4) {
	case 0:
		a.matchers = []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+")}
	case 1:
		a.matchers = []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "__name__", name[:len(name)/2]+".*"), labels.MustNewMatcher(labels.MatchNotEqual, "instname", "")}
	default:
		a.matchers = []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", name)}
	}
	if rng.IntN(2) == 0 {
		a.hints = &storage.SelectHints{Start: a.from, End: a.to, Func: "rate", Range: 1 + rng.Int64N(300_000)}
	}
	return a
}

// TestColumnsAnswerAsVolumes asks random hosts for random selections: without columns,
// while columns are made, and with the columns that were kept. Some columns are kept before
// anybody asks.
func TestColumnsAnswerAsVolumes(t *testing.T) {
	worlds := 40
	if testing.Short() {
		worlds = 8
	}
	kept := 0
	for seed := range uint64(worlds) {
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
			cache := newCache(cacheDir)
			require.Equal(t, want, a.of(t, storageOf(t, cache, dir)), "seed %d, first: %s", seed, a)
			require.Empty(t, cache.Damage())
			again := storageOf(t, newCache(cacheDir), dir)
			require.Equal(t, want, a.of(t, again), "seed %d, again: %s", seed, a)
			require.Equal(t, a.labels(t, plain), a.labels(t, again), "seed %d, labels: %s", seed, a)
			require.Equal(t, a.rates(t, nil, dir), a.rates(t, newCache(cacheDir), dir), "seed %d, rates: %s", seed, a)
		}
		files, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
		require.NoError(t, err)
		kept += len(files)
	}
	assert.Greater(t, kept, worlds/2)
}

// randomWorld writes archives of one or two hosts, whose labels may clash, and returns
// their time.
func randomWorld(t testing.TB, dir string, rng *rand.Rand, apart bool) (from, to int64) {
	t.Helper()
	from, to = randomHost(t, dir, "", rng, apart)
	if rng.IntN(3) == 0 {
		other := filepath.Join(dir, "other")
		require.NoError(t, os.Mkdir(other, 0o755))
		_, last := randomHost(t, other, "other.example", rng, apart)
		to = max(to, last)
	}
	return from, to
}

// keepSome keeps all metrics of some archives.
func keepSome(t testing.TB, cache *columns.Cache, dir string, rng *rand.Rand) {
	t.Helper()
	for _, set := range storageOf(t, nil, dir).sets {
		for _, a := range set.Archives() {
			if r, err := set.Open(a.Base); err == nil && rng.IntN(2) == 0 {
				b, err := cache.Read(context.Background(), r, columns.Options{})
				require.NoError(t, err)
				require.NoError(t, cache.Put(cache.Key(a.State), b))
				require.NoError(t, b.Close())
			}
		}
	}
}

// rates evaluates rates over a range of times, which looks at marks twice.
func (a ask) rates(t testing.TB, cache *columns.Cache, dir string) string {
	t.Helper()
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	e := NewEngine(hosts.Sets(), Options{Lookback: 5 * time.Minute, Columns: cache})
	expr := `rate({` + a.matchers[0].String() + `}[30m])`
	step := max(time.Duration(a.to-a.from)*time.Millisecond/30, time.Millisecond).Round(time.Millisecond)
	q, err := e.Range(context.Background(), expr, time.UnixMilli(a.from), time.UnixMilli(a.to), step)
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(context.Background())
	return fmt.Sprint(res.String(), res.Err, len(res.Warnings))
}

// labels returns the names that the matching series have for labels, and the instances.
func (a ask) labels(t testing.TB, s *Storage) [2][]string {
	t.Helper()
	q, err := s.Querier(a.from, a.to)
	require.NoError(t, err)
	names, _, err := q.LabelNames(context.Background(), nil, a.matchers...)
	require.NoError(t, err)
	values, _, err := q.LabelValues(context.Background(), "instname", nil, a.matchers...)
	require.NoError(t, err)
	return [2][]string{names, values}
}

// namesIn returns the names of all metrics.
func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	q, err := storageOf(t, nil, dir).Querier(0, math.MaxInt64/2)
	require.NoError(t, err)
	names, _, err := q.LabelValues(context.Background(), "__name__", nil)
	require.NoError(t, err)
	return append(names, "none")
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
