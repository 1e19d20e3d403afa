package convert_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// exemplified keeps exemplars beside numbers.
type exemplified struct{ seen }

func (x *exemplified) Exemplar(s *prom.Series, t int64, e prom.Exemplar) error {
	x.lines = append(x.lines, fmt.Sprintf("%d %s %v # %v", t, s.Name, s.Labels, e))
	return nil
}

// example is an exemplar of a trace.
func example(trace string, v float64) prom.Exemplar {
	return prom.Exemplar{Labels: []prom.Label{{Name: "trace", Value: trace}}, Value: v}
}

// exemplars returns what the exemplar metrics of a step hold.
func exemplars(t *testing.T, step *history.Step) []string {
	t.Helper()
	var all []string
	for _, mv := range step.Metrics {
		if mv.Metric.Desc.Type != pcp.TypeHighResEvent {
			continue
		}
		require.Len(t, mv.Metric.Params, 2)
		for _, p := range mv.Points {
			events, err := p.Value.Events()
			require.NoError(t, err)
			for _, e := range events {
				all = append(all, fmt.Sprintf("%s %s %s %v %s", mv.Metric.Name, p.Series.Inst.Name, e.Params[1].Value.Text(),
					math.Float64frombits(e.Params[0].Value.Bits), e.Stamp))
			}
		}
	}
	return all
}

// TestExemplarsRepeat records an exemplar once, however often it is on a page.
func TestExemplarsRepeat(t *testing.T) {
	f := newFixture(t)
	a, b := f.series("c_total", "counter", "x", "1"), f.series("c_total", "counter", "x", "2")
	give := func(s *mapper.Series, list ...prom.Exemplar) []string {
		f.begin()
		f.src.Set(a, 1)
		f.src.Set(b, 1)
		for _, e := range list {
			f.src.SetExemplar(s, e)
		}
		return exemplars(t, f.src.Step())
	}
	line := func(inst, trace string, v float64) string {
		return fmt.Sprintf(`openmetrics.web.exemplar.c_total %s {"trace":"%s"} %v %s`, inst, trace, v, f.now)
	}
	got := give(a, example("a", 1))
	assert.Equal(t, []string{line("0 x:1", "a", 1)}, got)
	assert.Empty(t, give(a, example("a", 1)), "the same")
	assert.Empty(t, give(a))
	assert.Empty(t, give(a, example("a", 1)), "the last one still")
	got = give(a, example("a", 2))
	assert.Equal(t, []string{line("0 x:1", "a", 2)}, got, "another value")
	got = give(a, example("a", 2), example("b", 2))
	assert.Equal(t, []string{line("0 x:1", "b", 2)}, got, "one more")
	assert.Empty(t, give(a, example("b", 2), example("a", 2), example("b", 2)))
	assert.Len(t, give(b, example("a", 2), example("b", 2)), 2, "of another series")
	f.begin()
	f.src.EndAll()
	f.src.Step()
	assert.Len(t, give(b, example("a", 2)), 1, "after a gap, at which pages forget it")
	timed := example("b", 2)
	timed.Time, timed.HasTime = 5_000, true
	got = give(b, timed)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], pcp.TimestampMilli(5000).String())
	assert.Empty(t, f.report.Losses())

	f.begin()
	f.src.End(b)
	f.src.SetExemplar(b, example("z", 1))
	f.src.Set(a, 1)
	f.src.SetExemplar(a, prom.Exemplar{Labels: []prom.Label{{Name: "x", Value: string(make([]byte, 20_000))}}})
	assert.Empty(t, exemplars(t, f.src.Step()))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 2}}, f.report.Losses())
}

// TestExemplarsAdopt goes on with the numbers that an archive has.
func TestExemplarsAdopt(t *testing.T) {
	var want *history.Step
	metricOf := func(f *fixture) *history.Step {
		s, odd := f.series("c_total", "counter", "x", "1"), f.series("exemplar", "gauge")
		f.begin()
		f.src.Set(odd, 1)
		f.src.Set(s, 1)
		f.src.SetExemplar(s, example("a", 1))
		return f.src.Step()
	}
	store := newFixture(t).stored(func(put func(*history.Step)) {
		f := newFixture(t)
		step := *metricOf(f)
		step.Metrics = append([]history.MetricValues(nil), step.Metrics...)
		put(&step)
		want = &step
	})
	got := metricOf(adopting(t, store))
	require.Len(t, got.Metrics, 3)
	for i := range got.Metrics {
		assert.Equal(t, want.Metrics[i].Metric.Desc, got.Metrics[i].Metric.Desc)
	}
	event := got.Metrics[2].Metric
	assert.Equal(t, "openmetrics.web.exemplar_c_total_2", event.Name, "there is a metric exemplar")
	assert.Equal(t, got.Metrics[1].Metric.Desc.InDom, event.Desc.InDom)
	for _, param := range event.Params {
		d, ok := store.Desc(param.Desc.PMID)
		require.True(t, ok)
		assert.Equal(t, d.Names, param.Desc.Names)
	}
	assert.Equal(t, "openmetrics.control.exemplar.value", event.Params[0].Name)
}

// TestExemplarsThroughStages passes all stages between samples.
func TestExemplarsThroughStages(t *testing.T) {
	report, out, plain := &prom.Report{}, &exemplified{}, &seen{}
	s := &prom.Series{Name: "c_total", Sem: pcp.SemCounter}
	x := example("a", 1)
	x.Time, x.HasTime = -7, true
	var chain prom.SampleSink = prom.NewSorter(prom.NewRepeat(sinktest.Sink(out), 1000, report), prom.SorterOptions{Report: report})
	require.NoError(t, sinktest.Put(chain, s, 2000, 2))
	require.NoError(t, sinktest.PutExemplar(chain, s, 2000, x))
	require.NoError(t, sinktest.Put(chain, s, 1000, 1))
	require.NoError(t, sinktest.PutExemplar(chain, s, 1000, example("", math.Inf(1))))
	require.NoError(t, sinktest.Finish(chain))
	assert.Equal(t, []string{
		"1000 c_total 1", "1000 c_total [] # {[{trace }] +Inf 0 false}",
		"2000 c_total 2", "2000 c_total [] # {[{trace a}] 1 -7 true}",
	}, out.lines)
	assert.Empty(t, report.Losses())

	sorter := prom.NewSorter(sinktest.Sink(plain, report), prom.SorterOptions{Report: report})
	require.NoError(t, sinktest.PutExemplar(sorter, s, 1, x))
	require.NoError(t, sinktest.Finish(sorter))
	require.NoError(t, sinktest.PutExemplar(prom.NewRepeat(sinktest.Sink(plain, report), 1000, report), s, 1, x))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 2}}, report.Losses())
}

// TestExemplarsOfUnknown counts those of series that have no sample, or that
// are none of ours.
func TestExemplarsOfUnknown(t *testing.T) {
	f := newFixture(t)
	s := f.series("c_total", "counter", "x", "1")
	f.begin()
	f.src.Set(s, 1)
	f.src.SetExemplar(s, example("a", 1))
	step := *f.src.Step()
	events := step.Metrics[1]
	report, out := &prom.Report{}, &exemplified{}
	flattener := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	step.Metrics = []history.MetricValues{events}
	require.NoError(t, flattener.Put(&step))
	assert.Empty(t, out.lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 1}}, report.Losses())

	damaged, err := history.EventValue(0, pcp.TypeHighResEvent, []history.EventRecord{{Params: []history.EventParam{
		{Value: history.DoubleValue(pcp.InstNull, 1)}, {Value: history.Value{Type: pcp.TypeString, Data: []byte("no JSON")}},
	}}, {}})
	require.NoError(t, err)
	events.Points = []history.Point{{Series: events.Points[0].Series, Value: damaged}, {Series: events.Points[0].Series}}
	step.Metrics = []history.MetricValues{events}
	require.NoError(t, flattener.Put(&step))
	assert.Contains(t, report.Losses(), prom.LossCount{Loss: prom.LossUndecodable, Name: events.Metric.Name, Count: 3})

	assembler := assemble.New(flatten.New(sinktest.Sink(out), flatten.Options{}), f.mapper, assemble.Options{Report: report})
	require.NoError(t, sinktest.PutExemplar(assembler, &prom.Series{Name: "late"}, 1, example("a", 1)))
	assert.Contains(t, report.Losses(), prom.LossCount{Loss: prom.LossExemplar, Name: "late", Count: 1})
}

// TestExemplarsAfterMark finds the series that a mark has begun anew.
func TestExemplarsAfterMark(t *testing.T) {
	f := newFixture(t)
	s := f.series("c_total", "counter", "x", "1")
	out := &exemplified{}
	flattener := flatten.New(sinktest.Sink(out), flatten.Options{SplitAtMarks: true})
	for i := range 2 {
		f.begin()
		f.src.Set(s, 1)
		f.src.SetExemplar(s, example("a", float64(i)))
		require.NoError(t, flattener.Put(f.src.Step()))
		require.NoError(t, flattener.Put(&history.Step{Stamp: f.now, Mark: true}))
	}
	require.Len(t, out.lines, 6)
	assert.NotContains(t, out.lines[1], "since")
	assert.Contains(t, out.lines[4], "# {[{trace a}] 1")
	assert.Contains(t, out.lines[4], "{since ")
}

func FuzzExemplarBinary(f *testing.F) {
	x := example("a", 1)
	seed, _ := x.AppendBinary(nil)
	f.Add(seed)
	f.Add(append(seed, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e, again prom.Exemplar
		if e.UnmarshalBinary(b) != nil {
			return
		}
		c, err := e.AppendBinary(nil)
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalBinary(c))
		again.Time = e.Time
		assert.True(t, e.Equal(&again))
	})
}
