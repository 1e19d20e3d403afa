package timeshift

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const recorded = `
load 30s
  requests_total{code="200"} 0+7x120
  requests_total{code="500"} 0+1x40 _x10 3+1x60
  temperature 20 21 22 _x20 23x90
  gone 1 stale
  latency {{schema:1 sum:4 count:3 buckets:[1 2]}}x60
`

// compare wants a query at times of the recording, and one at moved times over the moved
// storage, to have the same result.
func compare(t *testing.T, s storage.Queryable, m Move, expr, movedExpr string) {
	t.Helper()
	e := promqltest.NewTestEngine(t, false, 5*time.Minute, 1_000_000)
	ctx := context.Background()
	ask := func(s storage.Queryable, expr string, by int64) promql.Matrix {
		q, err := e.NewRangeQuery(ctx, s, nil, expr, time.UnixMilli(900_000+by), time.UnixMilli(3_000_000+by), 45*time.Second)
		require.NoError(t, err)
		defer q.Close()
		res := q.Exec(ctx)
		require.NoError(t, res.Err)
		m, err := res.Matrix()
		require.NoError(t, err)
		var own promql.Matrix
		for _, s := range m {
			x := promql.Series{Metric: s.Metric}
			for _, p := range s.Floats {
				x.Floats = append(x.Floats, promql.FPoint{T: p.T - by, F: p.F})
			}
			for _, p := range s.Histograms {
				x.Histograms = append(x.Histograms, promql.HPoint{T: p.T - by, H: p.H.Copy()})
			}
			own = append(own, x)
		}
		return own
	}
	want, got := ask(s, expr, 0), ask(Queryable(s, m), movedExpr, m.By)
	require.NotEmpty(t, want, expr)
	assert.Equal(t, want.String(), got.String(), expr)
}

// TestQueries evaluates expressions over a recording and over the moved recording.
func TestQueries(t *testing.T) {
	s := promqltest.LoadedStorage(t, recorded)
	const by = 987_654_500
	m := Move{By: by, Until: Always}
	for _, expr := range []string{
		"temperature", "requests_total", "rate(requests_total[4m])", "sum(increase(requests_total[10m] offset 5m))",
		"temperature @ start()", "temperature @ end()", "rate(requests_total[3m] @ end())",
		"max_over_time(rate(requests_total[2m])[10m:1m] offset -1m)", "count_over_time(gone[1h])", "absent(gone)",
		"time() - timestamp(temperature)", "histogram_quantile(0.5, latency)", "sum_over_time(latency[3m])", "latency",
		"resets(requests_total[50m])", "last_over_time(temperature[5m])",
	} {
		compare(t, s, m, expr, expr)
	}
	compare(t, s, m, "temperature @ 1200", fmt.Sprintf("temperature @ %.3f", 1200+by/1000.0))
	compare(t, s, m, "timestamp(temperature)", fmt.Sprintf("timestamp(temperature) - %.3f", by/1000.0))
	assert.Equal(t, storage.Queryable(s), Queryable(s, None), "nothing to do")
}

// TestHidden wants nothing after the last visible time to be seen in any answer.
func TestHidden(t *testing.T) {
	ctx := context.Background()
	s := promqltest.LoadedStorage(t, "load 1m\n early 1x10\n late _x5 7x10\n both 1x15\n")
	m := Move{By: 1_000_000, Until: 240_000}
	q, err := Queryable(s, m).Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { assert.NoError(t, q.Close()) }()
	names, _, err := q.LabelValues(ctx, "__name__", nil)
	require.NoError(t, err)
	assert.Contains(t, names, "early")
	labelNames, _, err := q.LabelNames(ctx, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"__name__"}, labelNames)

	any := labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+")
	times := map[string][]int64{}
	set := q.Select(ctx, true, &storage.SelectHints{Start: math.MinInt64, End: math.MaxInt64}, any)
	var it chunkenc.Iterator
	for set.Next() {
		it = set.At().Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			at, _ := it.At()
			times[set.At().Labels().Get("__name__")] = append(times[set.At().Labels().Get("__name__")], at)
		}
		assert.Equal(t, chunkenc.ValNone, it.Next(), "the end is final")
		assert.Equal(t, chunkenc.ValNone, it.Seek(0))
	}
	require.NoError(t, set.Err())
	want := []int64{1_000_000, 1_060_000, 1_120_000, 1_180_000, 1_240_000}
	assert.Equal(t, map[string][]int64{"early": want, "both": want}, times)

	e := promqltest.NewTestEngine(t, false, 5*time.Minute, 1000)
	later, err := e.NewInstantQuery(ctx, Queryable(s, m), nil, "count_over_time(both[1h])", time.UnixMilli(2_000_000))
	require.NoError(t, err)
	defer later.Close()
	res := later.Exec(ctx)
	require.NoError(t, res.Err)
	assert.Equal(t, "{} => 5 @[2000000]", res.Value.String())
}

type fakeExemplars struct{ start, end int64 }

func (f *fakeExemplars) ExemplarQuerier(context.Context) (storage.ExemplarQuerier, error) {
	return f, nil
}

func (f *fakeExemplars) Select(start, end int64, _ ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	f.start, f.end = start, end
	return []exemplar.QueryResult{{SeriesLabels: labels.FromStrings("a", "b"), Exemplars: []exemplar.Exemplar{{Value: 1, Ts: 100, HasTs: true}}}}, nil
}

func TestExemplars(t *testing.T) {
	f := &fakeExemplars{}
	q, err := Exemplars(f, Move{By: 1000, Until: 150}).ExemplarQuerier(context.Background())
	require.NoError(t, err)
	found, err := q.Select(1050, 1200)
	require.NoError(t, err)
	assert.Equal(t, int64(50), f.start)
	assert.Equal(t, int64(150), f.end)
	assert.Equal(t, int64(1100), found[0].Exemplars[0].Ts)
	assert.Equal(t, f, Exemplars(f, None))
}

func TestClock(t *testing.T) {
	begin := time.UnixMilli(1_000_000)
	var none *Clock
	assert.Equal(t, None, none.At(begin))

	fixed := Fixed(5000, begin)
	assert.Equal(t, begin.UnixMilli(), fixed.At(begin).Forth(5000))
	assert.Equal(t, fixed.At(begin), fixed.At(begin.Add(time.Hour)), "the distance does not change")

	double := Replay(2000, 12000, begin, 2)
	for _, c := range []struct{ passed, edge, until int64 }{
		{-100, 2000, 2000}, {0, 2000, 2000}, {1000, 4000, 4000}, {4999, 11998, 11998}, {5000, 12000, Always}, {6000, 14000, Always},
	} {
		now := begin.Add(time.Duration(c.passed) * time.Millisecond)
		m := double.At(now)
		assert.Equal(t, c.until, m.Until, c.passed)
		switch {
		case c.passed <= 5000:
			assert.Equal(t, now.UnixMilli(), m.Forth(c.edge), "the last visible record is at the present: %d", c.passed)
		default:
			assert.Equal(t, begin.Add(5*time.Second).UnixMilli(), m.Forth(12000), "the recording has ended")
		}
	}
}

// TestFarTimes wants the smallest and the largest time to stay what they are.
func TestFarTimes(t *testing.T) {
	for _, by := range []int64{1000, -1000, 0} {
		m := Move{By: by, Until: Always}
		assert.LessOrEqual(t, m.Back(math.MinInt64), int64(math.MinInt64+1000))
		assert.GreaterOrEqual(t, m.Back(math.MaxInt64), int64(math.MaxInt64-1000))
		assert.Equal(t, int64(77), m.Back(m.Forth(77)))
	}
}
