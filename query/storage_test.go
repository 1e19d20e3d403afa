package query

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestLabelNamesAndValues(t *testing.T) {
	w := newWriter(t)
	w.record(0, metricValues{desc: instant, v: map[pcp.InstID]float64{1: 1, 2: 2}}, one(counter, 3))
	w.record(10, metricValues{desc: instant, v: map[pcp.InstID]float64{3: 1}})
	e := newEngine(t, w.open(), Options{})
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
	assert.Equal(t, []string{"i1", "i2", "i3"}, querier(5, 10)("instname"), "of all archives with the time, by their metadata")
	assert.Empty(t, querier(20, 30)("__name__"))
}

// An iterator behaves as the engine expects: it never goes back and stays at the
// end.
func TestIterator(t *testing.T) {
	s := &packedSeries{ctx: context.Background()}
	for i := range 10 {
		require.NoError(t, s.add(number(int64(10*i), float64(i)), false))
	}
	require.NoError(t, s.add(number(90, 99), false))
	ok, err := s.finish(0)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, 10, s.chunks[0].data.NumSamples(), "of two values at one time the later stands")
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
	assert.Equal(t, chunkenc.ValNone, (&packedSeries{ctx: context.Background()}).Iterator(nil).Seek(0))
}

// Seeking to any time gives what reading up to it gives, over many chunks, with
// values that are repeated and ones that end.
func TestIteratorSeeks(t *testing.T) {
	for _, every := range []int64{0, 7, 1000} {
		s := &packedSeries{ctx: context.Background(), every: every, start: 3}
		s.carry(-50, 5)
		for i := range int64(1000) {
			v := float64(i)
			if i%9 == 0 {
				v = prom.StaleNaN
			}
			require.NoError(t, s.add(number(10+i*20, v), false))
		}
		_, err := s.finish(20100)
		require.NoError(t, err)
		var all []timedValue
		for it := s.Iterator(nil); it.Next() != chunkenc.ValNone; {
			ts, v := it.At()
			all = append(all, timedValue{ts, v})
		}
		require.True(t, slices.IsSortedFunc(all, func(a, b timedValue) int { return cmp.Compare(a.t, b.t) }))
		var it chunkenc.Iterator
		for _, stride := range []int64{1, 13, 400, 9000} {
			it = s.Iterator(it)
			for to := int64(0); to < 21000; to += stride {
				i, _ := slices.BinarySearchFunc(all, to, func(s timedValue, t int64) int { return cmp.Compare(s.t, t) })
				if i == len(all) {
					require.Equal(t, chunkenc.ValNone, it.Seek(to), to)
					continue
				}
				require.Equal(t, chunkenc.ValFloat, it.Seek(to), to)
				ts, v := it.At()
				require.Equal(t, all[i].t, ts, "every %d, seeking %d", every, to)
				require.Equal(t, math.Float64bits(all[i].v), math.Float64bits(v))
			}
		}
	}
}

// A value from before the start is repeated from there on; one that ended before is
// not, and neither is what a series never had.
func TestIteratorCarries(t *testing.T) {
	read := func(carry ...float64) (all []timedValue) {
		s := &packedSeries{ctx: context.Background(), every: 10, start: 100}
		for i, v := range carry {
			s.carry(int64(60+i), v)
		}
		require.NoError(t, s.add(number(125, 7), false))
		_, err := s.finish(140)
		require.NoError(t, err)
		it := s.Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			ts, v := it.At()
			all = append(all, timedValue{ts, v})
		}
		require.NoError(t, it.Err())
		return all
	}
	own := []timedValue{{125, 7}, {135, 7}}
	assert.Equal(t, append([]timedValue{{100, 5}, {110, 5}, {120, 5}}, own...), read(5))
	assert.Equal(t, own, read(5, prom.StaleNaN))
	assert.Equal(t, own, read())
}

// A counter's changes across marks are nothing, resets in between are changes,
// and no value is below what was recorded.
func TestBridge(t *testing.T) {
	const mark = -1
	for _, tt := range []struct{ values, want []float64 }{
		{[]float64{1, 3, 2, 4}, []float64{1, 3, 2, 4}},                    // no mark
		{[]float64{1, 3, mark, 10, 12}, []float64{8, 10, 10, 12}},         // counted on
		{[]float64{1, 3, mark, 0, 2}, []float64{1, 3, 3, 5}},              // reset meanwhile
		{[]float64{5, 2, mark, 3, 1, 2}, []float64{5, 7, 7, 8, 9}},        // resets beside it
		{[]float64{5, mark, mark, 5, mark, 9, 1}, []float64{9, 9, 9, 10}}, // several
		{[]float64{mark, 1, 2, mark}, []float64{1, 2}},                    // outside
		{[]float64{1, mark, 100, 3, mark, 50, 51}, []float64{100, 100, 103, 103, 104}},
	} {
		s := &packedSeries{ctx: context.Background(), bridge: &bridge{}}
		crosses := false
		for i, v := range tt.values {
			if v == mark {
				crosses = true
				continue
			}
			require.NoError(t, s.add(number(int64(i), v), crosses))
			crosses = false
		}
		_, err := s.finish(0)
		require.NoError(t, err)
		var got []float64
		for it := s.Iterator(nil); it.Next() != chunkenc.ValNone; {
			_, v := it.At()
			got = append(got, v)
		}
		assert.Equal(t, tt.want, got, "%v", tt.values)
	}
}
