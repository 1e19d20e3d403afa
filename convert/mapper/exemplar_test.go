package mapper_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

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
	f := converttest.NewFixture(t)
	a, b := f.Series("c_total", "counter", "x", "1"), f.Series("c_total", "counter", "x", "2")
	give := func(s *mapper.Series, list ...prom.Exemplar) []string {
		f.Begin()
		f.Src.Set(a, 1)
		f.Src.Set(b, 1)
		for _, e := range list {
			f.Src.SetExemplar(s, e)
		}
		return exemplars(t, f.Src.Step())
	}
	line := func(inst, trace string, v float64) string {
		return fmt.Sprintf(`openmetrics.web.exemplar.c_total %s {"trace":"%s"} %v %s`, inst, trace, v, f.Now)
	}
	got := give(a, converttest.Exemplar("a", 1))
	assert.Equal(t, []string{line("0 x:1", "a", 1)}, got)
	assert.Empty(t, give(a, converttest.Exemplar("a", 1)), "the same")
	assert.Empty(t, give(a))
	assert.Empty(t, give(a, converttest.Exemplar("a", 1)), "the last one still")
	got = give(a, converttest.Exemplar("a", 2))
	assert.Equal(t, []string{line("0 x:1", "a", 2)}, got, "another value")
	got = give(a, converttest.Exemplar("a", 2), converttest.Exemplar("b", 2))
	assert.Equal(t, []string{line("0 x:1", "b", 2)}, got, "one more")
	assert.Empty(t, give(a, converttest.Exemplar("b", 2), converttest.Exemplar("a", 2), converttest.Exemplar("b", 2)))
	assert.Len(t, give(b, converttest.Exemplar("a", 2), converttest.Exemplar("b", 2)), 2, "of another series")
	f.Begin()
	f.Src.EndAll()
	f.Src.Step()
	assert.Len(t, give(b, converttest.Exemplar("a", 2)), 1, "after a gap, at which pages forget it")
	timed := converttest.Exemplar("b", 2)
	timed.Time, timed.HasTime = 5_000, true
	got = give(b, timed)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], pcp.TimestampMilli(5000).String())
	assert.Empty(t, f.Report.Losses())

	f.Begin()
	f.Src.End(b)
	f.Src.SetExemplar(b, converttest.Exemplar("z", 1))
	f.Src.Set(a, 1)
	f.Src.SetExemplar(a, prom.Exemplar{Labels: []prom.Label{{Name: "x", Value: string(make([]byte, 20_000))}}})
	assert.Empty(t, exemplars(t, f.Src.Step()))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 2}}, f.Report.Losses())
}

// TestExemplarsAdopt goes on with the numbers that an archive has.
func TestExemplarsAdopt(t *testing.T) {
	var want *history.Step
	metricOf := func(f *converttest.Fixture) *history.Step {
		s, odd := f.Series("c_total", "counter", "x", "1"), f.Series("exemplar", "gauge")
		f.Begin()
		f.Src.Set(odd, 1)
		f.Src.Set(s, 1)
		f.Src.SetExemplar(s, converttest.Exemplar("a", 1))
		return f.Src.Step()
	}
	store := stored(t, func(put func(*history.Step)) {
		f := converttest.NewFixture(t)
		step := *metricOf(f)
		step.Metrics = append([]history.MetricValues(nil), step.Metrics...)
		put(&step)
		want = &step
	})
	got := metricOf(converttest.NewAdopting(t, store))
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
