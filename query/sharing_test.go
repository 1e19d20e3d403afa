package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// groupsHost returns a host with three archives, in which logging groups record c_counter,
// i_instant, i_one and d_discrete at their own paces, with marks, and one that overlaps.
func groupsHost(t *testing.T) []*store.Set {
	t.Helper()
	rnd, dir := rand.New(rand.NewPCG(5, 6)), t.TempDir()
	for n, begin := range []float64{0, 1000, 1500} {
		w := newWriterAt(t, filepath.Join(dir, fmt.Sprint(n)))
		for sec := begin; sec < begin+900; sec++ {
			var all []metricValues
			if int(sec)%5 == 0 {
				all = append(all, one(counter, sec))
			}
			if int(sec)%10 == 3 {
				all = append(all, metricValues{desc: instant, v: map[pcp.InstID]float64{1: sec, pcp.InstID(2 + rnd.IntN(2)): 1}})
			}
			if int(sec)%60 == 7 {
				all = append(all, one(instantOne, sec))
			}
			if int(sec)%400 == 0 {
				all = append(all, one(discrete, sec))
			}
			switch {
			case len(all) > 0:
				w.record(sec, all...)
			case rnd.IntN(200) == 0:
				w.mark(sec)
			}
		}
		w.open()
	}
	return storetest.Sets(t, dir)
}

var groupsExprs = []string{
	"c_counter", "rate(c_counter[1m])", "rate(c_counter[5m]) + on(hostname) sum by (hostname) (i_instant)", "sum(i_instant) / i_one",
	"d_discrete + c_counter - i_one offset 1m", `{__name__=~"[ci]_.*"}`, "increase(c_counter[10m]) / rate(c_counter[2m]) + i_one",
}

// TestSharedAnswers asks at once, and in one query, what is otherwise asked alone.
func TestSharedAnswers(t *testing.T) {
	sets := groupsHost(t)
	alone, together := NewEngine(sets, Options{}), NewEngine(sets, Options{Gather: 20 * time.Millisecond})
	alone.storage.readings = make([]*readings, len(sets)) // shares nothing
	for _, window := range [][2]float64{{0, 2600}, {400, 1700}, {999, 1001}, {1499, 1560}} {
		want, got := make([][]string, len(groupsExprs)), make([][]string, len(groupsExprs))
		for i, expr := range groupsExprs {
			want[i] = over(t, alone, window[0], window[1], 7, expr)
		}
		var all sync.WaitGroup
		for i, expr := range groupsExprs {
			all.Go(func() { got[i] = over(t, together, window[0], window[1], 7, expr) })
		}
		all.Wait()
		for i, expr := range groupsExprs {
			assert.Equal(t, want[i], got[i], expr)
			assert.Equal(t, want[i], over(t, together, window[0], window[1], 7, expr), "%s, one query", expr)
		}
	}
}

// sharedQuery is a query of a metric from a time on.
func sharedQuery(read *atomic.Int64, from float64, d *meta.Desc) history.Query {
	return history.Query{
		From: stamp(from), To: stamp(5000), Read: read, All: true, PMIDs: []pcp.PMID{d.PMID},
		Metrics: func(other *meta.Desc) bool { return other.PMID == d.PMID },
	}
}

// TestSharesOneReading counts the bytes that the selections of a query read, together and
// each for itself.
func TestSharesOneReading(t *testing.T) {
	sets := groupsHost(t)
	names := []string{"c_counter", "i_one", "i_instant"}
	for n := 1; n <= len(names); n++ {
		st := NewStorage(sets, Options{})
		r := st.readings[0]
		r.patience = time.Minute
		whole := bytesOf(t, st, names[:n])
		assert.Zero(t, r.expected)
		assert.Empty(t, r.forming)
		st.readings = []*readings{nil} // shares nothing
		assert.Equal(t, int64(n)*whole, bytesOf(t, st, names[:n]), n)
	}
}

// bytesOf returns how many bytes a query of everything reads.
func bytesOf(t *testing.T, st *Storage, names []string) int64 {
	t.Helper()
	q, err := st.reaching(&reach{selectors: len(names)}).Querier(at(0).UnixMilli(), at(3000).UnixMilli())
	require.NoError(t, err)
	var all []storage.SeriesSet
	for _, name := range names {
		all = append(all, q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name)))
	}
	for _, set := range all {
		assert.True(t, set.Next())
		assert.NoError(t, set.Err())
	}
	require.NoError(t, q.Close())
	return q.(*querier).budget.read.Load()
}

// TestSharedMembers lets members of a pass fail, leave and panic. The others get what they
// would get alone.
func TestSharedMembers(t *testing.T) {
	sets := groupsHost(t)
	r := &readings{set: sets[0], gather: 50 * time.Millisecond}
	count := func(ctx context.Context, from float64, d *meta.Desc, each func(n int) error) (n, values int, done bool, err error) {
		var read atomic.Int64
		done, err = r.join(ctx, nil, sharedQuery(&read, from, d), func(step *history.Step) error {
			assert.False(t, step.Stamp.Before(stamp(from)))
			n++
			for i := range step.Metrics {
				assert.Equal(t, d.PMID, step.Metrics[i].Metric.Desc.PMID)
				values++
			}
			return each(n)
		})
		return n, values, done, err
	}
	nothing := func(int) error { return nil }
	_, want, done, err := count(t.Context(), 0, counter, nothing)
	require.NoError(t, err)
	assert.False(t, done, "one selection reads by itself")
	assert.Zero(t, want)

	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			_, values, done, err := count(t.Context(), 0, counter, nothing)
			assert.NoError(t, err)
			assert.True(t, done)
			assert.Equal(t, 540, values)
		})
		all.Go(func() {
			n, _, _, err := count(t.Context(), 100, instant, func(n int) error {
				if n == 10 {
					return assert.AnError
				}
				return nil
			})
			assert.Equal(t, 10, n)
			assert.ErrorIs(t, err, assert.AnError)
		})
		all.Go(func() {
			_, _, _, err := count(ctx, 0, instantOne, func(n int) error {
				if n == 20 {
					cancel()
				}
				return nil
			})
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
	all.Wait()

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	began := make(chan struct{}, 2)
	for range 2 { // all leave
		all.Go(func() {
			began <- struct{}{}
			_, _, _, err := count(ctx, 0, counter, func(int) error { cancel(); return nil })
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
	all.Wait()
	for range 2 {
		all.Go(func() {
			assert.Panics(t, func() { _, _, _, _ = count(t.Context(), 0, counter, func(int) error { panic("defect") }) })
		})
	}
	all.Wait()
}
