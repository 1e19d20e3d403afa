package mapper_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/pcp"
)

// A step holds what was given since Begin, metrics in the order of their first
// values, numbers to the bit.
func TestStep(t *testing.T) {
	f := converttest.NewFixture(t)
	b, a1, a2 := f.Series("b", "gauge"), f.Series("a", "gauge", "x", "1"), f.Series("a", "gauge", "x", "2")
	f.Begin()
	f.Src.Set(a1, 99)
	f.Begin()
	odd := []float64{math.Copysign(0, -1), math.NaN(), math.Inf(-1)}
	f.Src.Set(a2, odd[0])
	f.Src.Set(b, odd[1])
	f.Src.Set(a1, odd[2])
	step := f.Src.Step()
	assert.Equal(t, f.Now, step.Stamp)
	assert.False(t, step.Mark)
	require.Len(t, step.Metrics, 2)
	require.Len(t, step.Metrics[0].Points, 2)
	assert.Equal(t, "openmetrics.web.a", step.Metrics[0].Metric.Name)
	assert.Equal(t, math.Float64bits(odd[0]), step.Metrics[0].Points[0].Value.Bits)
	assert.Equal(t, math.Float64bits(odd[2]), step.Metrics[0].Points[1].Value.Bits)
	assert.Equal(t, math.Float64bits(odd[1]), step.Metrics[1].Points[0].Value.Bits)
	assert.Nil(t, step.Metrics[1].InDom, "a singular metric has no domain")
	assert.Equal(t, 3, f.Src.Live())
	f.Begin()
	assert.Empty(t, f.Src.Step().Metrics)
}

// Of two values of one series the later stands, and one is counted.
func TestDuplicateSeries(t *testing.T) {
	f := converttest.NewFixture(t)
	s := f.Series("d", "gauge", "x", "1")
	assert.Same(t, s, f.Series("d", "gauge", "x", "1"))
	f.Begin()
	f.Src.Set(s, 1)
	f.Src.Set(s, 2)
	step := f.Src.Step()
	require.Len(t, step.Metrics[0].Points, 1)
	assert.Equal(t, 2.0, math.Float64frombits(step.Metrics[0].Points[0].Value.Bits))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossSameTime, Name: "d", Count: 1}}, f.Report.Losses())
}

// Instances keep their numbers while others come and go, and one that comes back
// gets its own.
func TestInstancesKeepTheirNumbers(t *testing.T) {
	f := converttest.NewFixture(t)
	a, b := f.Series("m", "gauge", "x", "a"), f.Series("m", "gauge", "x", "b")
	step := f.Step(a, b)
	assert.Equal(t, "0 0 x:a,1 1 x:b", members(step.Metrics[0]))
	first := step.Metrics[0].InDom
	assert.Same(t, first, f.Step(a).Metrics[0].InDom, "a series without a value has not left")

	f.Begin()
	f.Src.End(a)
	f.Src.End(a) // once is enough
	f.Src.Set(b, 1)
	step = f.Src.Step()
	assert.Equal(t, "1 1 x:b", members(step.Metrics[0]))
	assert.Len(t, step.Metrics[0].Labels.Sets, 1)
	assert.Equal(t, f.Now, step.Metrics[0].InDom.Stamp)
	assert.Equal(t, "0 0 x:a,1 1 x:b", fmt.Sprintf("%d %s,%d %s", first.Instances[0].ID, first.Instances[0].Name,
		first.Instances[1].ID, first.Instances[1].Name), "what was handed out does not change")

	c := f.Series("m", "gauge", "x", "c")
	assert.Equal(t, "1 1 x:b,2 2 x:c", members(f.Step(c).Metrics[0]))
	assert.Same(t, a, f.Series("m", "gauge", "x", "a"))
	assert.Equal(t, "0 0 x:a,1 1 x:b,2 2 x:c", members(f.Step(a).Metrics[0]))
	assert.Equal(t, 3, f.Src.Live())
}

func TestInstanceNames(t *testing.T) {
	f := converttest.NewFixture(t)
	for _, c := range []struct {
		pairs []string
		want  string
	}{
		{[]string{"a", "1", "b", "2"}, "0 a:1 b:2"},
		{[]string{"a", "with blank", "b", ""}, "1 a:with blank b:"},
		{[]string{"é.x", `"\` + "\n"}, "2 é.x:\"\\\n"},
		{[]string{"nul", "a\x00b"}, "3 nul:ab"}, // no C string holds it
	} {
		step := f.Step(f.Series("m", "gauge", c.pairs...))
		assert.Equal(t, c.want, step.Metrics[0].Points[0].Series.Inst.Name)
	}
}

// With its last series a metric has an error once, then nothing.
func TestLastSeriesEnds(t *testing.T) {
	f := converttest.NewFixture(t)
	labelled, single := f.Series("m", "gauge", "x", "1"), f.Series("s", "gauge")
	f.Step(labelled, single)
	f.Begin()
	f.Src.EndAll()
	step := f.Src.Step()
	require.Len(t, step.Metrics, 2)
	for _, mv := range step.Metrics {
		assert.Equal(t, pcp.ErrnoAgain, mv.Err)
		assert.Empty(t, mv.Points)
	}
	assert.Zero(t, f.Src.Live())
	f.Begin()
	f.Src.EndAll()
	assert.Empty(t, f.Src.Step().Metrics)

	step = f.Step(labelled, single)
	for _, mv := range step.Metrics {
		assert.Zero(t, mv.Err)
		assert.Len(t, mv.Points, 1)
	}
	assert.Equal(t, "0 0 x:1", members(step.Metrics[0]))
}

// Relabelling can make two series of a page one. When one of them ends, the
// scraper says that the one it made of them ends; but it has a value.
func TestValueBeatsEnd(t *testing.T) {
	f := converttest.NewFixture(t)
	s := f.Series("m", "gauge", "x", "1")
	f.Step(s)
	f.Begin()
	f.Src.Set(s, 2)
	f.Src.End(s)
	step := f.Src.Step()
	require.Len(t, step.Metrics, 1)
	assert.Zero(t, step.Metrics[0].Err)
	assert.Len(t, step.Metrics[0].Points, 1)
	assert.Equal(t, 1, f.Src.Live())

	f.Begin()
	f.Src.End(s)
	f.Src.Set(s, 3)
	step = f.Src.Step()
	assert.Zero(t, step.Metrics[0].Err)
	assert.Equal(t, "0 0 x:1", members(step.Metrics[0]))
	assert.Equal(t, 1, f.Src.Live())
}

// Labels that never repeat do not fill the memory: the oldest ended series are
// forgotten. Their numbers are not used again, and those that live stay.
func TestForgetting(t *testing.T) {
	f := converttest.NewFixture(t)
	keep := f.Series("m", "gauge", "id", "keep")
	var all []*mapper.Series
	const n = 1500
	for i := range n {
		s := f.Series("m", "gauge", "id", fmt.Sprint(i))
		all = append(all, s)
		f.Step(keep, s)
		f.Begin()
		f.Src.End(s)
		f.Src.Step()
	}
	forgotten := 0
	for i, s := range all {
		if s.Forgotten() {
			forgotten++
			assert.Equal(t, i, forgotten-1, "the oldest first")
		}
	}
	assert.Equal(t, n-1000, forgotten)
	assert.False(t, keep.Forgotten())
	again := f.Series("m", "gauge", "id", "0")
	assert.NotSame(t, all[0], again)
	assert.Equal(t, fmt.Sprintf("0 0 id:keep,%d %d id:0", n+1, n+1), members(f.Step(keep, again).Metrics[0]))
	assert.Same(t, all[n-1], f.Series("m", "gauge", "id", fmt.Sprint(n-1)))
}

// A changed help text makes a new metric of the same number and name; its
// series move along.
func TestDescribe(t *testing.T) {
	f := converttest.NewFixture(t)
	s, err := f.Src.Series("m", converttest.Labels([]string{"x", "1"}), prom.Family{Name: "m", Type: "gauge", Help: "old"})
	require.NoError(t, err)
	before := f.Step(s).Metrics[0]
	f.Src.Describe(s, "old")
	f.Src.Describe(s, "")
	assert.Same(t, before.Metric, f.Step(s).Metrics[0].Metric, "nothing new")
	f.Src.Describe(s, "new\nmore")
	after := f.Step(s).Metrics[0]
	assert.Equal(t, "new", after.Metric.OneLine)
	assert.Equal(t, "new\nmore", after.Metric.Help)
	assert.Equal(t, "old", before.Metric.Help, "what was handed out does not change")
	assert.Same(t, before.Metric.Desc, after.Metric.Desc)
	assert.Same(t, after.Metric, after.Points[0].Series.Metric)
	assert.Equal(t, "new\nmore", s.Family().Help)
}
