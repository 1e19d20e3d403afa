package query

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/storetest"
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
		sets = append(sets, storetest.Sets(t, p)...)
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

// mixedHost returns a host that records i_one every 10 seconds, c_counter every 10 minutes,
// g_hourly at its start and then at full hours, and g_once at its start. The first two stop
// at 7500 s, and i_one pauses from 3000 s to 4000 s.
func mixedHost(t *testing.T) []*store.Set {
	t.Helper()
	hourly, once := define(78, "g.hourly", pcp.SemInstant, pcp.InDomNull), define(79, "g.once", pcp.SemInstant, pcp.InDomNull)
	w := newWriterAt(t, filepath.Join(t.TempDir(), "mixed"))
	w.record(0, one(once, 1), one(hourly, 1))
	for sec := 10.0; sec <= 20_000; sec += 10 {
		var all []metricValues
		if (sec < 3000 || sec >= 4000) && sec <= 7500 {
			all = append(all, one(instantOne, sec))
		}
		if int(sec)%600 == 0 && sec <= 7500 {
			all = append(all, one(counter, sec))
		}
		if int(sec)%3600 == 600 {
			all = append(all, one(hourly, sec))
		}
		if len(all) > 0 {
			w.record(sec, all...)
		}
	}
	return storetest.Sets(t, w.open().Base())
}

// TestLookbackOfEachMetric: a metric that is recorded seldom is found for two and a half of
// its own intervals, and does not fill the pauses of others, however they are asked for.
func TestLookbackOfEachMetric(t *testing.T) {
	sets := mixedHost(t)
	cache := newCache(t.TempDir())
	for _, o := range []Options{{}, {Columns: cache}, {Columns: cache}} {
		e := NewEngine(sets, o)
		for _, a := range []struct {
			sec                            float64
			fast, slow, hourly, once, both int
		}{
			{sec: 299, fast: 1, hourly: 1, once: 1, both: 0},
			{sec: 300, fast: 1, hourly: 1},
			{sec: 599, fast: 1, hourly: 1},
			{sec: 2990, fast: 1, slow: 1, hourly: 1, both: 1},
			{sec: 3289, fast: 1, slow: 1, hourly: 1, both: 1},
			{sec: 3290, slow: 1, hourly: 1},
			{sec: 3999, slow: 1, hourly: 1},
			{sec: 4199, fast: 1, slow: 1, hourly: 1, both: 1},
			{sec: 7799, fast: 1, slow: 1, hourly: 1, both: 1},
			{sec: 7800, slow: 1, hourly: 1},
			{sec: 7200 + 1499, slow: 1, hourly: 1},
			{sec: 7200 + 1500, hourly: 1},
			{sec: 18600 + 8999, hourly: 1},
			{sec: 18600 + 9000},
		} {
			assert.Len(t, now(t, e, a.sec, "i_one"), a.fast, a.sec)
			assert.Len(t, now(t, e, a.sec, "c_counter"), a.slow, a.sec)
			assert.Len(t, now(t, e, a.sec, "g_hourly"), a.hourly, a.sec)
			assert.Len(t, now(t, e, a.sec, "g_once"), a.once, a.sec)
			assert.Len(t, now(t, e, a.sec, "i_one + c_counter + 0 * g_hourly"), a.both, a.sec)
			assert.Len(t, now(t, e, a.sec, `{__name__=~"i_one|c_counter|g_.*"}`), a.fast+a.slow+a.hourly+a.once, a.sec)
		}
		assert.Equal(t, []string{`{} 3000=3000 3300=3000 3600=3600 3900=3600 4200=4200`},
			over(t, e, 3000, 4200, 300, "timestamp(c_counter) - "+fmt.Sprint(start.Unix())), "times stay those of the records")
		assert.Equal(t, []string{"{} 1"}, now(t, e, 3500, "count_over_time(c_counter[10m])"), "a range has what was recorded")
	}
	wide := NewEngine(sets, Options{Lookback: 20 * time.Minute})
	assert.Len(t, now(t, wide, 3999, "i_one"), 1, "a look-back that is given is that of all")
	assert.Empty(t, now(t, wide, 7200+1499, "c_counter"))
}

// TestLookbackOfSharedName: of two metrics that want one name, the one that is recorded least
// often decides how long samples hold.
func TestLookbackOfSharedName(t *testing.T) {
	dot, line := define(77, "g.x", pcp.SemInstant, pcp.InDomNull), define(78, "g_x", pcp.SemInstant, pcp.InDomNull)
	w := newWriter(t)
	for i := range 60 {
		values := []metricValues{one(dot, 1)}
		if i%10 == 0 {
			values = append(values, one(line, 2))
		}
		w.record(60*float64(i), values...)
	}
	r := w.open()
	for range 20 {
		e := newEngine(t, r, Options{})
		assert.Len(t, now(t, e, 59*60+1499, "g_x"), 1)
		assert.Empty(t, now(t, e, 59*60+1500, "g_x"))
	}
}

// TestLookbackAfterRestart: what an archive that has just begun cannot tell, the one before
// it does.
func TestLookbackAfterRestart(t *testing.T) {
	dir := t.TempDir()
	slow := define(77, "g.slow", pcp.SemInstant, pcp.InDomNull)
	w := newWriterAt(t, filepath.Join(dir, "a"))
	for i := range 5 {
		w.record(600*float64(i), one(slow, 1))
	}
	w.open()
	w = newWriterAt(t, filepath.Join(dir, "b"))
	w.record(3000, one(slow, 2))
	w.open()
	e := newSetEngine(t, Options{}, dir)
	assert.Len(t, now(t, e, 3000+1499, "g_slow"), 1)
	assert.Empty(t, now(t, e, 3000+1500, "g_slow"))
	assert.Empty(t, now(t, e, 2999, "g_slow"), "nothing passes from one archive to the next")
}

// TestSamplesExpire checks the iterator of a series whose samples end.
func TestSamplesExpire(t *testing.T) {
	s := &packedSeries{ctx: t.Context(), expires: 10}
	for _, p := range []timedValue{{0, 1}, {10, 2}, {25, 3}, {26, prom.StaleNaN}, {50, 4}} {
		require.NoError(t, s.add(heldSample{timedValue: p}, false))
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
