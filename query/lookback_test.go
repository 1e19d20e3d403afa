package query

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// unequalHosts returns a host that records c_counter every 10 seconds but pauses from
// 1000 s to 2000 s, and one that records g_slow every 10 minutes up to a mark at 2500 s.
func unequalHosts(t *testing.T) []*store.Set {
	t.Helper()
	slow := define(77, "g.slow", pcp.SemInstant, pcp.InDomNull)
	w := newWriterAt(t, filepath.Join(t.TempDir(), "fast"))
	for sec := 0.0; sec <= 3600; sec += 10 {
		if sec <= 1000 || sec >= 2000 {
			w.record(sec, one(counter, sec))
		}
	}
	paths := []string{w.open().Base()}
	w = newWriterAt(t, filepath.Join(t.TempDir(), "slow"))
	for i := range 5 {
		w.record(600*float64(i), one(slow, float64(i)))
	}
	w.mark(2500)
	w.record(3600, one(slow, 6))
	paths = append(paths, w.open().Base())
	var sets []*store.Set
	for _, p := range paths { // one by one: both name the same host
		opened, bad, err := store.OpenSets([]string{p}, nil)
		require.NoError(t, err)
		require.Empty(t, bad)
		sets = append(sets, opened...)
	}
	return sets
}

// TestLookbackOfEachHost: a host that records seldom does not fill the pauses of another.
func TestLookbackOfEachHost(t *testing.T) {
	sets := unequalHosts(t)
	cache := newCache(t.TempDir())
	for _, o := range []Options{{}, {Columns: cache}, {Columns: cache}} {
		e := NewEngine(sets, o)
		for sec, fast := range map[float64]int{1000: 1, 1299: 1, 1300: 0, 1999: 0, 2000: 1, 3899: 1, 3900: 0} {
			assert.Len(t, now(t, e, sec, "c_counter"), fast, sec)
		}
		for sec, slow := range map[float64]int{599: 1, 2499: 1, 2500: 0, 3599: 0, 3600: 1, 3600 + 1499: 1, 3600 + 1500: 0} {
			assert.Len(t, now(t, e, sec, "g_slow"), slow, sec)
		}
		assert.Equal(t, []string{"{} 71"}, now(t, e, 1500, "count_over_time(c_counter[1201s])"), "no marker counts")

		q, err := e.Range(t.Context(), "count(c_counter) + 0 * count(rate(c_counter[20m]))", at(1000), at(2100), 50*time.Second)
		require.NoError(t, err)
		res := q.Exec(t.Context())
		require.NoError(t, res.Err)
		m, err := res.Matrix()
		require.NoError(t, err)
		require.Len(t, m, 1)
		assert.Len(t, m[0].Floats, 9, "1000 to 1250, 2000 to 2100")
		q.Close()

		wide := e.Adjusted(Adjustment{Lookback: 20 * time.Minute})
		assert.Len(t, now(t, wide, 1999, "c_counter"), 1, "a look-back that is given is exact")
	}
	assert.Len(t, now(t, NewEngine(sets, Options{Lookback: 20 * time.Minute}), 1999, "c_counter"), 1)
}

// TestSamplesExpire checks the iterator of a series whose samples end.
func TestSamplesExpire(t *testing.T) {
	s := &packedSeries{ctx: t.Context(), expires: 10}
	for _, p := range []timedValue{{0, 1}, {10, 2}, {25, 3}, {26, prom.StaleNaN}, {50, 4}} {
		require.NoError(t, s.add(heldSample{timedValue: p}, 0))
	}
	_, err := s.finish(100)
	require.NoError(t, err)
	want := []int64{0, 10, 20, 25, 26, 50, 60}
	var got []int64
	for it := s.Iterator(nil); it.Next() == chunkenc.ValFloat; {
		got = append(got, it.AtT())
		_, v := it.At()
		assert.Equal(t, it.AtT() == 20 || it.AtT() == 26 || it.AtT() == 60, math.IsNaN(v))
	}
	assert.Equal(t, want, got)
	it := s.Iterator(nil)
	for _, step := range [][2]int64{{5, 10}, {15, 20}, {21, 25}, {27, 50}, {55, 60}} {
		require.Equal(t, chunkenc.ValFloat, it.Seek(step[0]))
		assert.Equal(t, step[1], it.AtT())
	}
	assert.Equal(t, chunkenc.ValNone, it.Seek(61))
}
