package query

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slow takes the engine seconds within one series, where it does not look at its
// context.
const slow = "max_over_time(max_over_time(c_counter[1h:400ms])[1h:400ms])"

func TestStopsWithItsContext(t *testing.T) {
	r := counterArchive(t)
	for _, expr := range []string{slow, "1 + " + slow} {
		for _, ranged := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			e := newEngine(t, r, Options{Timeout: -1, Lookback: 3 * time.Hour})
			q, err := e.Instant(ctx, expr, at(7200))
			if ranged {
				q, err = e.Range(ctx, expr, at(7190), at(7200), time.Second)
			}
			require.NoError(t, err)
			time.AfterFunc(5*time.Millisecond, cancel)
			res := q.Exec(ctx)
			require.ErrorIs(t, res.Err, context.Canceled, expr)
			g := q.(*guarded)
			q.Close()
			<-g.ended // the engine ends too
		}
	}
}

func TestTimeout(t *testing.T) {
	r := counterArchive(t)
	q, err := newEngine(t, r, Options{Timeout: 20 * time.Millisecond, Lookback: 3 * time.Hour}).Instant(t.Context(), slow, at(7200))
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(t.Context())
	var timeout *TimeoutError
	require.ErrorAs(t, res.Err, &timeout)
	assert.Equal(t, 20*time.Millisecond, timeout.Timeout)
	require.ErrorIs(t, res.Err, context.DeadlineExceeded)
	assert.ErrorContains(t, res.Err, "takes longer than 20ms")
}

// TestSteps: an expression whose evaluation would reserve too much memory is
// refused before it is evaluated.
func TestSteps(t *testing.T) {
	e := newEngine(t, counterArchive(t), Options{MaxSamples: 1000})
	for expr, steps := range map[string]int64{
		"sum_over_time(c_counter[11000s:1s])":                                        11001,
		"sum_over_time(c_counter[100y:1s])":                                          3153600001,
		"sum_over_time(c_counter[11001m:])":                                          11002,
		"max_over_time(max_over_time(c_counter[4000s:1s])[7000s:5s])":                11001,
		"1 + sum(-(max_over_time((c_counter * 2)[11000s:1s])))":                      11001,
		"max_over_time(c_counter[4h:1s] @ 1000)":                                     14401,
		"quantile_over_time(scalar(max_over_time(c_counter[4h:1s])), c_counter[5m])": 14401,
	} {
		_, err := e.Instant(t.Context(), expr, at(10))
		var limit *StepsError
		require.ErrorAs(t, err, &limit, expr)
		assert.Equal(t, steps, limit.Steps, expr)
		assert.NotEmpty(t, limit.Expr)
		assert.ErrorContains(t, err, "choose a longer step or a shorter range")
	}
	_, err := e.Range(t.Context(), "c_counter", at(0), at(11000), time.Second)
	require.ErrorAs(t, err, new(*StepsError))
	assert.ErrorContains(t, err, "the range has 11001 steps, more than the 11000")
	q, err := e.Instant(t.Context(), "sum_over_time(c_counter[10999s:1s])", at(10))
	require.NoError(t, err)
	q.Close()
}

// TestSelectsOnce: an expression that names series again does not hold them again.
func TestSelectsOnce(t *testing.T) {
	e := newEngine(t, manyMetrics(t), Options{MaxSamples: 399})
	const one = `max_over_time(many_metric00{instname="i1"}[5m])`
	q, err := e.Instant(t.Context(), one+"+"+one+"+"+one, at(399))
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(t.Context())
	require.NoError(t, res.Err)
	v, err := res.Vector()
	require.NoError(t, err)
	require.Len(t, v, 1)
}

// TestIteratorStops: what is read out of a selection ends with its context.
func TestIteratorStops(t *testing.T) {
	w := newWriter(t)
	for i := range 3000 {
		w.record(float64(i), one(counter, float64(i)))
	}
	e := newEngine(t, w.open(), Options{})
	q, err := e.storage.Querier(at(0).UnixMilli(), at(3000).UnixMilli())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	set := q.Select(ctx, true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "c_counter"))
	require.True(t, set.Next())
	it := set.At().Iterator(nil)
	require.Equal(t, chunkenc.ValFloat, it.Next())
	cancel()
	n := 0
	for it.Next() != chunkenc.ValNone {
		n++
	}
	assert.Less(t, n, looksAt)
	require.ErrorIs(t, it.Err(), context.Canceled)
	assert.Equal(t, chunkenc.ValNone, it.Seek(at(2999).UnixMilli()))
}

// TestSeriesBudget: series without end take memory too.
func TestSeriesBudget(t *testing.T) {
	b := newBudget(seriesSamples, 0)
	for range freeSeries + 1 {
		require.NoError(t, b.takeSeries())
	}
	require.ErrorAs(t, b.takeSeries(), new(*LimitError))
}

// panicking is a query with a defect.
type panicking struct{ promql.Query }

func (panicking) Exec(context.Context) *promql.Result { panic("defect") }
func (panicking) String() string                      { return "the_expression" }
func (panicking) Close()                              {}

func TestPanicIsAnError(t *testing.T) {
	g := &guarded{Query: panicking{}, ended: make(chan struct{})}
	var panicked *PanicError
	require.ErrorAs(t, g.Exec(t.Context()).Err, &panicked)
	assert.Equal(t, "the_expression", panicked.Expr)
	assert.Contains(t, string(panicked.Stack), "guard_test.go")
	require.EqualError(t, panicked, "internal error: defect in the query the_expression")
	<-g.Ended()
	g.Close()
}
