package query

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/store"
)

// inSections returns an engine that evaluates in as many sections, of a few steps.
func (e *Engine) inSections(n int) *Engine {
	divided := *e
	divided.divide = sectioning{n, 2, sync.OnceValue(func() *promql.Engine { return newPromEngine(e.opts, e.opts.MaxSamples/n) })}
	return &divided
}

// answer is what a query over a range returns: the result, its warnings, and the error.
type answer struct {
	result, err string
	warnings    []string
}

func answerOf(t *testing.T, e *Engine, expr string, from, to time.Time, step time.Duration) (answer, *rangeQuery) {
	t.Helper()
	q, err := e.Range(t.Context(), expr, from, to, step)
	require.NoError(t, err, expr)
	defer q.Close()
	inner := q.(*guarded).Query.(*rangeQuery)
	res := q.Exec(t.Context())
	if res.Err != nil {
		return answer{err: res.Err.Error()}, inner
	}
	warnings, notes := res.Warnings.AsStrings(expr, 0, 0)
	slices.Sort(warnings)
	slices.Sort(notes)
	return answer{result: res.String(), warnings: append(warnings, notes...)}, inner
}

// joinedTwice is a view that merges the archives with themselves, as views merge them with blocks.
func joinedTwice(archives storage.Queryable) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		one, err := archives.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		two, err := archives.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return storage.NewMergeQuerier([]storage.Querier{one, two}, nil, storage.ChainedSeriesMerge), nil
	})
}

// TestSectionsAnswerAsTheWhole asks random archives of one and two hosts, over marks, resets and pauses, with and
// without a view, and compares the answers of a whole with those of sections, which must be equal to the last bit.
func TestSectionsAnswerAsTheWhole(t *testing.T) {
	divided, bridged := 0, 0
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		sets := []*store.Set{markedHost(t, rnd, "web1")}
		if seed%2 == 1 {
			sets = append(sets, markedHost(t, rnd, "web2"))
		}
		whole := NewEngine(sets, Options{}).inSections(1)
		if seed%3 == 2 {
			whole = whole.WithView(joinedTwice)
		}
		for _, expr := range []string{
			"m_counter", "m_discrete", "m_instant offset 2m", "rate(m_counter[1m])", "increase(m_counter[5m])", "irate(m_counter[2m] offset 1m)",
			"sum(rate(m_counter[30s]))", "topk(2, rate(m_counter[3m]))", "bottomk(1, m_instant)", "quantile(0.3, m_instant)", "avg by (instname) (m_discrete)",
			"stddev(m_instant)", `count_values("v", m_discrete)`, "deriv(m_instant[4m])", "predict_linear(m_counter[5m], 60)", "absent(m_discrete)", "absent_over_time(m_counter[20s])",
			"rate(m_counter[1m]) + on(instname, hostname) m_instant", "m_instant > bool on(instname, hostname) m_discrete", "timestamp(m_instant)", "changes(m_discrete[10m])",
			"count_over_time(m_discrete[3m]) + on(instname, hostname) rate(m_counter[3m])", `{__name__=~"m_.*"}`, `abs({__name__=~"m_(instant|discrete)"})`,
			"m_counter + on(hostname) m_instant", "histogram_quantile(0.5, m_instant)", "quantile_over_time(2, m_instant[1m])", "vector(time())", "3", "sort(m_instant)",
			"-m_counter", `rate({__name__=~"m_.*"}[2m])`, "max_over_time(rate(m_counter[1m])[5m:30s])", "m_counter @ end()", "topk(scalar(m_instant), m_counter)", `label_replace(m_instant, "x", "$1", "instname", "(.*)")`,
		} {
			from := time.Unix(rnd.Int64N(600), rnd.Int64N(2)*1e6)
			to := from.Add(time.Duration(100+rnd.IntN(4000)) * time.Second)
			step := time.Duration(1+rnd.IntN(30)) * time.Second
			want, _ := answerOf(t, whole, expr, from, to, step)
			for _, n := range []int{2, 3, 7} {
				got, q := answerOf(t, whole.inSections(n), expr, from, to, step)
				require.Equal(t, want, got, "seed %d: %s from %s to %s by %s in %d sections", seed, expr, from, to, step, n)
				if q.divided > 0 {
					divided++
				}
				if q.divided > 0 && len(q.again) > 0 {
					bridged++
				}
			}
		}
	}
	assert.Greater(t, divided, 300)
	assert.Greater(t, bridged, 30)
}

// TestSectionsKeepLimits checks for many limits of samples and bytes that a query in sections fails if and only if
// the whole does, with the same error.
func TestSectionsKeepLimits(t *testing.T) {
	set := markedHost(t, rand.New(rand.NewPCG(3, 3)), "web1")
	from, to := time.Unix(100, 0), time.Unix(1100, 0)
	for _, expr := range []string{"sum(rate(m_counter[2m]))", "m_counter", "m_counter + on(instname, hostname) m_instant"} {
		failed, done := 0, 0
		for i := range 40 {
			o := Options{MaxSamples: 1 + i*i*8}
			if i%2 == 1 {
				o = Options{MaxBytes: int64(1 + i*i*20)}
			}
			e := NewEngine([]*store.Set{set}, o)
			want, _ := answerOf(t, e.inSections(1), expr, from, to, 2*time.Second)
			got, _ := answerOf(t, e.inSections(3), expr, from, to, 2*time.Second)
			require.Equal(t, want, got, "%s with %+v", expr, o)
			if want.err != "" {
				failed++
			} else {
				done++
			}
		}
		assert.Greater(t, failed, 3, expr)
		assert.Greater(t, done, 3, expr)
	}
}

// TestSectionsReadOnce counts the bytes that are read.
func TestSectionsReadOnce(t *testing.T) {
	set := markedHost(t, rand.New(rand.NewPCG(4, 4)), "web1")
	read := func(n int) int64 {
		least, most := int64(1), int64(1<<30)
		for least < most { // the limit with which the query succeeds
			limit := (least + most) / 2
			a, _ := answerOf(t, NewEngine([]*store.Set{set}, Options{MaxBytes: limit}).inSections(n), "m_counter + on(instname, hostname) m_instant", time.Unix(100, 0), time.Unix(900, 0), time.Second)
			if a.err == "" {
				most = limit
			} else {
				least = limit + 1
			}
		}
		return least
	}
	assert.Equal(t, read(1), read(4))
}

// TestSectionsEnd ends the evaluation of sections by its context and by Cancel.
func TestSectionsEnd(t *testing.T) {
	e := NewEngine([]*store.Set{markedHost(t, rand.New(rand.NewPCG(6, 6)), "web1")}, Options{}).inSections(2)
	for _, cancels := range []func(q promql.Query, end context.CancelFunc){
		func(_ promql.Query, end context.CancelFunc) { end() },
		func(q promql.Query, _ context.CancelFunc) { q.Cancel() },
	} {
		q, err := e.Range(t.Context(), "sum(rate(m_counter[1h]) * on(instname, hostname) rate(m_counter[1h]))", time.Unix(0, 0), time.Unix(4000, 0), time.Millisecond)
		require.NoError(t, err)
		ctx, end := context.WithCancel(t.Context())
		defer end()
		inner := q.(*guarded).Query.(*rangeQuery)
		require.NotNil(t, inner.sections())
		time.AfterFunc(20*time.Millisecond, func() { cancels(q, end) })
		res := q.Exec(ctx)
		require.Error(t, res.Err)
		assert.True(t, errors.Is(res.Err, context.Canceled) || errors.As(res.Err, new(promql.ErrQueryCanceled)), "%v", res.Err)
		q.Close()
	}
}

// TestSectionsOfDefects checks that a panic while a selection is read is the error of the query, and no empty answer.
func TestSectionsOfDefects(t *testing.T) {
	e := NewEngine([]*store.Set{markedHost(t, rand.New(rand.NewPCG(7, 7)), "web1")}, Options{}).inSections(3)
	st := *e.storage
	st.sets = []*store.Set{nil}
	e.storage = &st
	a, _ := answerOf(t, e, "m_counter", time.Unix(100, 0), time.Unix(900, 0), time.Second)
	assert.Contains(t, a.err, "nil pointer")
}

func TestSeparable(t *testing.T) {
	p := parser.NewParser(parser.Options{})
	for expr, want := range map[string]bool{
		"a": true, "rate(a[1m])": true, "topk(3, a)": true, "a / on(x) b": true, "(a)": true, "1 + 2": true, "a offset 5m": true,
		`{__name__=~"a|b"}`: true, `rate({__name__=~"a|b"}[1m])`: false, `rate({__name__="a",x="y"}[1m])`: true,
		"-a": false, "a @ 100": false, "a @ end()": false, "rate(a[1m] @ start())": false, "max_over_time(a[1h:1m])": false,
		`label_replace(a, "x", "", "", "")`: false, `label_join(a, "x", "")`: false, "topk(scalar(b), a)": false, `count_values("x", a)`: true, "sum(-a)": false,
	} {
		parsed, err := p.ParseExpr(expr)
		require.NoError(t, err, expr)
		parsed, err = promql.PreprocessExpr(parsed, time.Unix(0, 0), time.Unix(100, 0), time.Second)
		require.NoError(t, err, expr)
		assert.Equal(t, want, separable(parsed), expr)
	}
}

// TestSections checks that sections follow each other without a gap and have enough steps.
func TestSections(t *testing.T) {
	e := NewEngine([]*store.Set{markedHost(t, rand.New(rand.NewPCG(8, 8)), "web1")}, Options{})
	e.divide = sectioning{most: 4, least: 500}
	for steps, want := range map[int64]int{1: 0, 999: 0, 1000: 2, 1499: 2, 1500: 3, 5000: 4} {
		for _, more := range []int64{0, 999} {
			q, err := e.Range(t.Context(), "m_counter", time.UnixMilli(7), time.UnixMilli(7+(steps-1)*1000+more), time.Second)
			require.NoError(t, err)
			all := q.(*guarded).Query.(*rangeQuery).sections()
			require.Len(t, all, want, fmt.Sprint(steps))
			next := int64(7)
			for _, s := range all {
				assert.Equal(t, next, s.from)
				assert.GreaterOrEqual(t, s.to-s.from, int64(499_000))
				next = s.to + 1000
			}
			if want > 0 {
				assert.Equal(t, 7+(steps-1)*1000+more, all[want-1].to)
			}
			q.Close()
		}
	}
	counted := e.Adjusted(Adjustment{Stats: true})
	q, err := counted.Range(t.Context(), "m_counter", time.Unix(0, 0), time.Unix(5000, 0), time.Second)
	require.NoError(t, err)
	defer q.Close()
	assert.Nil(t, q.(*guarded).Query.(*rangeQuery).sections())
}
