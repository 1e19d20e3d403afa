package prom_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestRepeat(t *testing.T) {
	once := func(t *testing.T) *converttest.Recorded {
		return converttest.NewSingular(t, "once", 1, pcp.TypeU32, pcp.SemDiscrete)
	}
	often := func(t *testing.T) *converttest.Recorded {
		return converttest.NewSingular(t, "often", 2, pcp.TypeU32, pcp.SemInstant)
	}
	const day = 24 * 60 * 60 * 1000
	for name, test := range map[string]struct {
		run  func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded)
		want []string
	}{
		"until the last sample": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, 5, once.Numbers(7))
			converttest.Put(t, f, 25, often.Numbers(1))
			converttest.Put(t, f, 30, often.Numbers(2))
		}, []string{"5 once 7", "10 once 7", "20 once 7", "25 often 1", "30 often 2", "30 once 7"}},
		"not beside the next": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, 10, once.Numbers(7))
			converttest.Put(t, f, 20, often.Numbers(1), once.Numbers(8))
			converttest.Put(t, f, 31, often.Numbers(2))
		}, []string{"10 once 7", "20 often 1", "20 once 8", "30 once 8", "31 often 2"}},
		"not over a mark": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, 5, once.Numbers(7))
			require.NoError(t, f.Put(converttest.Mark(15)))
			converttest.Put(t, f, 45, once.Numbers(9))
			converttest.Put(t, f, 55, often.Numbers(2))
		}, []string{"5 once 7", "10 once 7", "15 once stale", "45 once 9", "50 once 9", "55 often 2"}},
		"not over an error": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, 5, once.Numbers(7))
			converttest.Put(t, f, 15, history.MetricValues{Metric: once.Metric, Err: pcp.ErrnoAgain})
			converttest.Put(t, f, 55, often.Numbers(2))
		}, []string{"5 once 7", "10 once 7", "15 once stale", "55 often 2"}},
		"not after the end of its recording": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, 5, once.Numbers(7))
			converttest.Put(t, f, 10, often.Numbers(1))
			require.NoError(t, f.Close())
			converttest.Put(t, f.Fork("other"), 35, often.Numbers(2))
		}, []string{"5 once 7", "10 often 1", "10 once 7", "35 often hostname=other 2"}},
		"not over a day of silence": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, 5, once.Numbers(7))
			converttest.Put(t, f, day+5, often.Numbers(1))
			converttest.Put(t, f, day+25, often.Numbers(2))
		}, []string{"5 once 7", fmt.Sprint(day+5, " often 1"), fmt.Sprint(day+10, " once 7"), fmt.Sprint(day+20, " once 7"), fmt.Sprint(day+25, " often 2")}},
		"before 1970": {func(t *testing.T, f *flatten.Flattener, once, often *converttest.Recorded) {
			converttest.Put(t, f, -25, once.Numbers(7))
			converttest.Put(t, f, 5, often.Numbers(1))
		}, []string{"-25 once 7", "-20 once 7", "-10 once 7", "0 once 7", "5 often 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, report := &converttest.Seen{}, &prom.Report{}
			r := prom.NewRepeat(sinktest.Sink(out), 10*time.Millisecond, report)
			test.run(t, flatten.New(r, flatten.Options{Finished: r.Finish}), once(t), often(t))
			require.NoError(t, sinktest.Finish(r))
			assert.Equal(t, test.want, out.Lines)
		})
	}
}

// A value that ends and comes back is repeated once, not twice.
func TestRepeatAgain(t *testing.T) {
	out := &converttest.Seen{}
	r := prom.NewRepeat(sinktest.Sink(out), 10*time.Millisecond, nil)
	f := flatten.New(r, flatten.Options{})
	n := converttest.NewSingular(t, "m", 1, pcp.TypeU32, pcp.SemDiscrete)
	for i := range int64(20) {
		converttest.Put(t, f, 100*i+1, n.Numbers(i))
		require.NoError(t, f.Put(converttest.Mark(100*i+15)))
	}
	require.NoError(t, sinktest.Finish(r))
	assert.Len(t, out.Lines, 60, "a value, its repetition and its end each time")
}

// Times that no clock shows, of a damaged archive, do not hold it up.
func TestRepeatAtTheEndsOfTime(t *testing.T) {
	out := &converttest.Column{}
	r := prom.NewRepeat(sinktest.Sink(out), 7*time.Millisecond, nil)
	s := &prom.Series{Name: "m", Sem: pcp.SemDiscrete}
	times := []int64{math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 20, 0, 10, math.MaxInt64 - 10, math.MaxInt64 - 1, math.MaxInt64}
	for _, at := range times {
		require.NoError(t, sinktest.Put(r, s, at, 1))
	}
	require.NoError(t, sinktest.Finish(r))
	assert.IsNonDecreasing(t, out.Times)
	assert.Subset(t, out.Times, append(times, 7))
	assert.Less(t, len(out.Times), 20)
}
