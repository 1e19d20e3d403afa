package summary_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

func TestInstantHoldsUntilTheNext(t *testing.T) {
	s := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 10).put(1, 20).put(4, 0).of(t, summary.Options{})[0]
	assert.Equal(t, int64(3), s.Count)
	assert.Equal(t, (10*1+20*3)/4.0, s.TimeAverage)
	assert.Equal(t, 10.0, s.Mean)
	assert.InDelta(t, math.Sqrt(200.0/3), s.StdDev, 1e-12)
	assert.Equal(t, []float64{0, 20, 30, 4, 1}, []float64{s.Min, s.Max, s.Sum, s.Span, s.Coverage})
	assert.Equal(t, []pcp.Timestamp{at(4), at(1), at(0), at(4)}, []pcp.Timestamp{s.MinTime, s.MaxTime, s.First, s.Last})
	assert.False(t, s.IsRate())
}

// Squares of values that differ little from each other and much from zero would
// lose the difference.
func TestDeviationOfLargeValues(t *testing.T) {
	s := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1e15+10).put(1, 1e15+20).put(4, 1e15).of(t, summary.Options{})[0]
	assert.InDelta(t, math.Sqrt(200.0/3), s.StdDev, 1e-9)
}

func TestMarkEndsWhatCameBefore(t *testing.T) {
	fill := func(sem pcp.Semantics) *summary.Series {
		return newHistory(sem, pcp.TypeDouble).put(0, 10).put(2, 20).mark(3).mark(5).put(8, 60).put(9, 70).of(t, summary.Options{})[0]
	}
	s := fill(pcp.SemInstant)
	assert.Equal(t, (10*2+60*1)/3.0, s.TimeAverage)
	assert.Equal(t, 1, s.Gaps)
	// A discrete value holds until the first mark.
	assert.Equal(t, (10*2+20*1+60*1)/4.0, fill(pcp.SemDiscrete).TimeAverage)
	s = fill(pcp.SemCounter)
	assert.Equal(t, []float64{5, 10, 20.0 / 3, 20}, []float64{s.Min, s.Max, s.TimeAverage, s.Sum})
	assert.Equal(t, int64(2), s.Count)
	assert.Equal(t, int64(4), s.Values)
	assert.Equal(t, at(2), s.MinTime)
	assert.Equal(t, "count / sec", s.Units.String())
}

func TestDiscreteHoldsUntilTheEnd(t *testing.T) {
	h := newHistory(pcp.SemDiscrete, pcp.TypeDouble).put(0, 10, math.NaN()).put(2, 40, 7).put(10, math.NaN(), 9)
	s := h.of(t, summary.Options{})
	assert.Equal(t, (10*2+40*8)/10.0, s[0].TimeAverage)
	assert.Equal(t, 1.0, s[0].Coverage)
	s = h.of(t, summary.Options{To: at(6)})
	assert.Equal(t, (10*2+40*4)/6.0, s[0].TimeAverage)
	h.mark(12).put(20)
	assert.Equal(t, (10*2+40*10)/12.0, h.of(t, summary.Options{})[0].TimeAverage)
}

func TestSingleValue(t *testing.T) {
	s := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 10).of(t, summary.Options{Percentiles: []float64{50}})[0]
	assert.Equal(t, []float64{10, 10, 10, 10, 0, 0}, []float64{s.TimeAverage, s.Mean, s.Min, s.Percentiles[0], s.StdDev, s.Span})
	s = newHistory(pcp.SemCounter, pcp.TypeDouble).put(0, 10).of(t, summary.Options{Percentiles: []float64{50}})[0]
	assert.Equal(t, int64(1), s.Values)
	assert.Zero(t, s.Count)
	for _, f := range []float64{s.TimeAverage, s.Mean, s.Min, s.Max, s.Sum, s.StdDev, s.Percentiles[0]} {
		assert.True(t, math.IsNaN(f))
	}
}

func TestResetsAndWraps(t *testing.T) {
	for typ, modulus := range map[pcp.Type]float64{pcp.TypeU32: 1 << 32, pcp.TypeU64: 1 << 64} {
		h := newHistory(pcp.SemCounter, typ).put(0, modulus-4096).put(1, modulus-2048).put(2, 2048).put(4, 4096)
		s := h.of(t, summary.Options{})[0]
		assert.Equal(t, []float64{1024, 2048, 3}, []float64{s.Min, s.Max, s.Span + 0}, typ)
		assert.Equal(t, []int{1, 0}, []int{s.Resets, s.Wraps})
		s = h.of(t, summary.Options{Wrap: true})[0]
		assert.Equal(t, []float64{1024, 4096, 2048, 4}, []float64{s.Min, s.Max, s.TimeAverage, s.Span}, typ)
		assert.Equal(t, []int{0, 1}, []int{s.Resets, s.Wraps})
	}
	s := newHistory(pcp.SemCounter, pcp.TypeDouble).put(0, 5).put(1, 3).put(2, 4).of(t, summary.Options{Wrap: true})[0]
	assert.Equal(t, []int{1, 0}, []int{s.Resets, s.Wraps}, "a float does not wrap")
	assert.Equal(t, 1.0, s.TimeAverage)
}

func TestLargeCountersAreExact(t *testing.T) {
	h := newHistory(pcp.SemCounter, pcp.TypeU64).put(0, 1<<60).put(1, 1<<60)
	h.steps[1].Metrics[0].Points[0].Value.Bits += 3
	assert.Equal(t, 3.0, h.of(t, summary.Options{})[0].TimeAverage)
}

func TestCountersOfTime(t *testing.T) {
	h := newHistory(pcp.SemCounter, pcp.TypeU32)
	h.desc.Units = pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	s := h.put(0, 0).put(2, 500).of(t, summary.Options{})[0]
	assert.Equal(t, 0.25, s.TimeAverage)
	assert.Empty(t, s.Units.String())
}

func TestInstancesComeAndGo(t *testing.T) {
	n := math.NaN()
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1, 2).put(1, n, 3).put(2, 5, n, 8).put(4, 7, 4)
	s := h.of(t, summary.Options{})
	require.Len(t, s, 3)
	assert.Equal(t, (1*2+5*2)/4.0, s[0].TimeAverage)
	assert.Equal(t, (2*1+3*3)/4.0, s[1].TimeAverage)
	assert.Equal(t, "c", s[2].Series.Inst.Name)
	s = h.of(t, summary.Options{Instances: func(in meta.Instance) bool { return in.Name == "b" }})
	require.Len(t, s, 1)
	assert.Equal(t, "b", s[0].Series.Inst.Name)
}

func TestWindow(t *testing.T) {
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1).put(1, 2).put(2, 3).put(3, 4)
	s := h.of(t, summary.Options{From: at(1), To: at(2)})[0]
	assert.Equal(t, []pcp.Timestamp{at(1), at(2)}, []pcp.Timestamp{s.First, s.Last})
	assert.Empty(t, h.of(t, summary.Options{From: at(9)}))
}

func TestBadValuesDoNotCount(t *testing.T) {
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1).put(1, 2).put(2, 3)
	h.steps[0].Metrics[0].Points[0].Value = history.DoubleValue(0, math.NaN())
	h.steps[1].Metrics[0].Points[0].Value = history.StringValue(0, "x")
	s := h.of(t, summary.Options{})[0]
	assert.Equal(t, []int64{2, 1, 1}, []int64{s.Bad, s.Values, s.Count})
	assert.Equal(t, 3.0, s.Mean)
}

// Archives of one history may describe a metric differently.
func TestConflictingDescriptors(t *testing.T) {
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1)
	other := newHistory(pcp.SemCounter, pcp.TypeU32).put(1, 5).put(2, 7)
	h.steps = append(h.steps, other.steps...)
	h.put(3, 3)
	s := h.of(t, summary.Options{})
	require.Len(t, s, 2)
	assert.Equal(t, []float64{2, 2}, []float64{s[0].Mean, s[1].Mean})
	assert.Equal(t, []bool{false, true}, []bool{s[0].IsRate(), s[1].IsRate()})
}

func TestErrorsAreCounted(t *testing.T) {
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1)
	for i, e := range []pcp.Errno{pcp.ErrnoAgain, pcp.ErrnoAgain, pcp.ErrnoValue, pcp.ErrnoAgain} {
		h.steps = append(h.steps, &history.Step{Stamp: at(1 + float64(i)), Metrics: []history.MetricValues{{Metric: h.metric, Err: e}}})
	}
	sum, err := summary.Of(t.Context(), h, summary.Options{})
	require.NoError(t, err)
	assert.ElementsMatch(t, []summary.Error{
		{Metric: h.metric, Err: pcp.ErrnoAgain, Count: 3}, {Metric: h.metric, Err: pcp.ErrnoValue, Count: 1},
	}, sum.Errors)
	assert.Equal(t, 5, sum.Records)
}

// broken fails after its steps.
type broken struct {
	*stepList
	err error
}

func (b broken) Steps(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		b.stepList.Steps(q)(yield)
		yield(nil, b.err)
	}
}

func TestFailureKeepsWhatWasRead(t *testing.T) {
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1)
	sum, err := summary.Of(t.Context(), broken{h, pcp.ErrUnfinished}, summary.Options{})
	require.ErrorIs(t, err, pcp.ErrUnfinished)
	assert.Len(t, sum.Series, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	sum, err = summary.Of(ctx, h, summary.Options{})
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, sum)
}

func TestPercentiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	want := []float64{0, 1, 5, 25, 50, 75, 95, 99, 99.9, 100}
	for name, next := range map[string]func(i int) float64{
		"uniform":     func(int) float64 { return rnd.Float64() },
		"exponential": func(int) float64 { return rnd.ExpFloat64() },
		"ascending":   func(i int) float64 { return float64(i) },
		"two values":  func(i int) float64 { return float64(i % 2) },
		"constant":    func(int) float64 { return 42 },
	} {
		for _, n := range []int{1, 2, 100, 256, 257, 50_000} {
			h := newHistory(pcp.SemInstant, pcp.TypeDouble)
			var all []float64
			for i := range n {
				all = append(all, next(i))
				h.put(float64(i), all[i])
			}
			got := h.of(t, summary.Options{Percentiles: want})[0].Percentiles
			slices.Sort(all)
			assert.Equal(t, []float64{all[0], all[n-1]}, []float64{got[0], got[len(got)-1]}, name)
			assert.True(t, slices.IsSorted(got), name)
			for i, q := range want {
				low, _ := slices.BinarySearch(all, got[i]-1e-9)
				high, _ := slices.BinarySearch(all, got[i]+1e-9)
				rank, slack := q/100*float64(n-1), 1.0
				if n > 256 {
					slack += 0.008 * float64(n)
				}
				assert.True(t, float64(low) <= rank+slack && rank-slack <= float64(high), "%s of %d: p%v = %v has rank %d to %d", name, n, q, got[i], low, high)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	h := newHistory(pcp.SemCounter, pcp.TypeDouble)
	for i := range 5000 {
		h.put(float64(i), float64(i), float64(2*i))
	}
	few := testing.AllocsPerRun(5, func() { h.of(t, summary.Options{}) })
	assert.Less(t, few, 60.0, "none per value")
}

// TestPresent tells what there is before, in and after a window.
func TestPresent(t *testing.T) {
	h := newHistory(pcp.SemInstant, pcp.TypeDouble).put(0, 1).put(10, 1).put(20, 1).put(31, 1)
	h.steps = append(h.steps, &history.Step{Stamp: at(40), Metrics: []history.MetricValues{{Metric: h.metric, Err: pcp.ErrnoAgain}}})
	p, err := summary.Present(t.Context(), h, nil, at(12), at(18))
	require.NoError(t, err)
	assert.Equal(t, &summary.Presence{
		Values: 4, First: at(0), Last: at(31), Before: at(10), After: at(20), Interval: 10 * time.Second, Errors: map[pcp.Errno]int64{pcp.ErrnoAgain: 1},
	}, p)
	p, err = summary.Present(t.Context(), h, nil, at(10), pcp.Timestamp{})
	require.NoError(t, err)
	assert.Equal(t, int64(3), p.Within)
	assert.Zero(t, p.After)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = summary.Present(ended, h, nil, at(0), at(1))
	require.ErrorIs(t, err, context.Canceled)
}
