package query

import (
	"context"
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestLabelNamesAndValues(t *testing.T) {
	w := newWriter(t)
	w.record(0, value{desc: instant, v: map[pcp.InstID]float64{1: 1, 2: 2}}, one(counter, 3))
	w.record(10, value{desc: instant, v: map[pcp.InstID]float64{3: 1}})
	e := NewEngine(w.open(), Options{})
	ctx := context.Background()
	querier := func(from, to float64) func(name string, m ...*labels.Matcher) []string {
		q, err := e.storage.Querier(at(from).UnixMilli(), at(to).UnixMilli())
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, q.Close()) })
		return func(name string, m ...*labels.Matcher) []string {
			var found []string
			var err error
			if name == "" {
				found, _, err = q.LabelNames(ctx, nil, m...)
			} else {
				found, _, err = q.LabelValues(ctx, name, nil, m...)
			}
			require.NoError(t, err)
			return found
		}
	}
	all := querier(0, 10)
	assert.Equal(t, []string{"__name__", "hostname", "instname"}, all(""))
	assert.Equal(t, []string{"c_counter", "i_instant"}, all("__name__"))
	assert.Equal(t, []string{"i1", "i2", "i3"}, all("instname"))
	assert.Empty(t, all("nothing"))
	named := labels.MustNewMatcher(labels.MatchEqual, "__name__", "c_counter")
	assert.Equal(t, []string{"__name__", "hostname"}, all("", named))
	assert.Empty(t, all("instname", named))
	assert.Equal(t, []string{"i2"}, all("instname", labels.MustNewMatcher(labels.MatchRegexp, "instname", ".2")))
	assert.Equal(t, []string{"i3"}, querier(5, 10)("instname"), "of the time asked about")
	assert.Empty(t, querier(20, 30)("__name__"))
}

// An iterator behaves as the engine expects: it never goes back and stays at the
// end.
func TestIterator(t *testing.T) {
	s := &series{}
	for i := range 10 {
		s.add(int64(10*i), float64(i))
	}
	s.add(90, 99)
	assert.Len(t, s.times, 10, "of two values at one time the later stands")
	it := s.Iterator(nil)
	assert.Equal(t, chunkenc.ValFloat, it.Seek(35))
	ts, v := it.At()
	assert.Equal(t, []any{int64(40), 4.0}, []any{ts, v})
	assert.Equal(t, chunkenc.ValFloat, it.Seek(0), "no way back")
	assert.Equal(t, int64(40), it.AtT())
	assert.Equal(t, chunkenc.ValFloat, it.Next())
	assert.Equal(t, int64(50), it.AtT())
	assert.Equal(t, chunkenc.ValFloat, it.Seek(90))
	_, v = it.At()
	assert.Equal(t, 99.0, v)
	assert.Zero(t, it.AtST())
	for range 2 {
		assert.Equal(t, chunkenc.ValNone, it.Next())
		assert.Equal(t, chunkenc.ValNone, it.Seek(0))
	}
	assert.NoError(t, it.Err())
	assert.Same(t, it, s.Iterator(it), "it is used again")
	assert.Equal(t, chunkenc.ValFloat, it.Next())
	assert.Equal(t, int64(0), it.AtT())
	assert.Equal(t, chunkenc.ValNone, (&series{}).Iterator(nil).Seek(0))

	s.cut(15, 50)
	assert.Equal(t, []int64{20, 30, 40, 50}, s.times)
	s.cut(math.MaxInt64, math.MinInt64)
	assert.Empty(t, s.times)
}
