package blocks

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"
)

// partlyDeleted writes a block with series of all kinds, from which a server deleted samples,
// and returns the block's folder.
func partlyDeleted(t *testing.T, dir string) string {
	t.Helper()
	path := tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) {
		tsdbtest.FillHistograms(t, app)
		for i := range int64(1000) {
			for _, job := range []string{"a", "b", "c"} {
				tsdbtest.Put(t, app, labels.FromStrings("__name__", "up", "job", job, "only_"+job, "yes"), blocktest.Noon+i*5_000, float64(i))
			}
		}
	})
	b, err := tsdb.OpenBlock(tsdbtest.Quiet, path, nil, nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	for _, d := range []struct {
		name, value string
		from, to    int64
	}{{"job", "a", 100, 200}, {"job", "a", 2000, 2100}, {"job", "b", 0, 10_000}, {"__name__", "turns", 1000, 1100}, {"__name__", "floats", 3000, 9000}} {
		m := labels.MustNewMatcher(labels.MatchEqual, d.name, d.value)
		require.NoError(t, b.Delete(t.Context(), blocktest.Noon+d.from*1000, blocktest.Noon+d.to*1000, m))
	}
	return path
}

// theirs returns Prometheus' reader of a block.
func theirs(t *testing.T, dir string, mint, maxt int64) storage.Querier {
	t.Helper()
	b, err := tsdb.OpenBlock(tsdbtest.Quiet, dir, nil, nil)
	require.NoError(t, err)
	q, err := tsdb.NewBlockQuerier(b, mint, maxt)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, q.Close())
		assert.NoError(t, b.Close()) // waits for q
	})
	return q
}

// within returns the lines of the samples in a span of time. Prometheus' reader cannot cut a
// series that has several deletions: package tombstones panics.
func within(lines map[string][]string, mint, maxt int64) map[string][]string {
	for key, all := range lines {
		lines[key] = slices.DeleteFunc(all, func(line string) bool {
			word, _, _ := strings.Cut(line, " ")
			at, err := strconv.ParseInt(word, 10, 64)
			return err != nil || at < mint || at > maxt
		})
		if len(lines[key]) == 0 {
			delete(lines, key)
		}
	}
	return lines
}

// TestSameAsServer selects series, names and values of labels at random times, and compares them with what
// Prometheus' own reader of blocks returns.
func TestSameAsServer(t *testing.T) {
	dir := t.TempDir()
	path := partlyDeleted(t, dir)
	s := Open([]string{dir}, nil)
	defer func() { assert.NoError(t, s.Close()) }()
	require.Len(t, s.Blocks(), 1)
	equal, unequal, matches, fails := labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp
	selections := [][]*labels.Matcher{
		{labels.MustNewMatcher(equal, "job", "a")},
		{labels.MustNewMatcher(matches, "__name__", ".+")},
		{labels.MustNewMatcher(equal, "__name__", "up"), labels.MustNewMatcher(unequal, "job", "c")},
		{labels.MustNewMatcher(fails, "job", "[ab]")},
		{labels.MustNewMatcher(equal, "only_a", ""), labels.MustNewMatcher(matches, "job", "a|b|j")},
		{labels.MustNewMatcher(matches, "job", ".*"), labels.MustNewMatcher(matches, "__name__", "turns|ended")},
		{labels.MustNewMatcher(equal, "job", "none")},
	}
	r := rand.New(rand.NewPCG(1, 2))
	samples := 0
	for range 40 {
		mint := blocktest.Noon + r.Int64N(5_000_000)
		maxt := mint + r.Int64N(1<<r.IntN(23))
		from := mint + r.Int64N(maxt-mint+1)
		hints := &storage.SelectHints{Start: mint, End: maxt, Func: []string{"", "series"}[r.IntN(2)], DisableTrimming: r.IntN(3) == 0}
		whole := *hints
		whole.DisableTrimming = true
		want := theirs(t, path, mint, maxt)
		got, err := s.Beside(nothing, 1<<20).Querier(mint, maxt)
		require.NoError(t, err)
		for _, m := range selections {
			message := fmt.Sprintf("%v %+v", m, hints)
			set, expected := got.Select(t.Context(), true, hints, m...), want.Select(t.Context(), true, &whole, m...)
			if hints.Func == "series" {
				assert.Equal(t, names(t, expected), names(t, set), message)
				continue
			}
			lines := tsdbtest.Lines(t, expected, from)
			if !hints.DisableTrimming {
				lines = within(lines, mint, maxt)
			}
			assert.Equal(t, lines, tsdbtest.Lines(t, set, from), message)
			for _, of := range lines {
				samples += len(of)
			}
		}
	}
	assert.Greater(t, samples, 5000)
	compareLabels(t, theirs(t, path, 0, 1), s, append(selections, nil))
}

// names returns the labels of series in their order.
func names(t *testing.T, set storage.SeriesSet) (all []string) {
	t.Helper()
	for set.Next() {
		all = append(all, set.At().Labels().String())
	}
	require.NoError(t, set.Err())
	return all
}

func compareLabels(t *testing.T, want storage.Querier, s *Set, selections [][]*labels.Matcher) {
	t.Helper()
	got, err := s.Beside(nothing, 0).Querier(blocktest.Noon, blocktest.Noon)
	require.NoError(t, err)
	for _, m := range selections {
		for _, label := range []string{"", "__name__", "job", "only_a", "none"} {
			var a, b []string
			var err, failed error
			if label == "" {
				a, _, err = want.LabelNames(t.Context(), nil, m...)
				b, _, failed = got.LabelNames(t.Context(), nil, m...)
			} else {
				a, _, err = want.LabelValues(t.Context(), label, nil, m...)
				b, _, failed = got.LabelValues(t.Context(), label, nil, m...)
			}
			require.NoError(t, err)
			require.NoError(t, failed)
			assert.ElementsMatch(t, a, b, "%s %v", label, m)
		}
	}
}
