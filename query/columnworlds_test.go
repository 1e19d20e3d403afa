package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

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
