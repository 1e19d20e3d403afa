package flatten_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestExemplarsOfUnknown counts those of series that have no sample, or that
// are none of ours.
func TestExemplarsOfUnknown(t *testing.T) {
	f := converttest.NewFixture(t)
	s := f.Series("c_total", "counter", "x", "1")
	f.Begin()
	f.Src.Set(s, 1)
	f.Src.SetExemplar(s, converttest.Exemplar("a", 1))
	step := *f.Src.Step()
	events := step.Metrics[1]
	report, out := &prom.Report{}, &converttest.Exemplified{}
	flattener := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	step.Metrics = []history.MetricValues{events}
	require.NoError(t, flattener.Put(&step))
	assert.Empty(t, out.Lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 1}}, report.Losses())

	damaged, err := history.EventValue(0, pcp.TypeHighResEvent, []history.EventRecord{{Params: []history.EventParam{
		{Value: history.DoubleValue(pcp.InstNull, 1)}, {Value: history.Value{Type: pcp.TypeString, Data: []byte("no JSON")}},
	}}, {}})
	require.NoError(t, err)
	events.Points = []history.Point{{Series: events.Points[0].Series, Value: damaged}, {Series: events.Points[0].Series}}
	step.Metrics = []history.MetricValues{events}
	require.NoError(t, flattener.Put(&step))
	assert.Contains(t, report.Losses(), prom.LossCount{Loss: prom.LossUndecodable, Name: events.Metric.Name, Count: 3})

	assembler := assemble.New(flatten.New(sinktest.Sink(out), flatten.Options{}), f.Mapper, assemble.Options{Report: report})
	require.NoError(t, sinktest.PutExemplar(assembler, &prom.Series{Name: "late"}, 1, converttest.Exemplar("a", 1)))
	assert.Contains(t, report.Losses(), prom.LossCount{Loss: prom.LossExemplar, Name: "late", Count: 1})
}

// TestExemplarsAfterMark finds the series that a mark has begun anew.
func TestExemplarsAfterMark(t *testing.T) {
	f := converttest.NewFixture(t)
	s := f.Series("c_total", "counter", "x", "1")
	out := &converttest.Exemplified{}
	flattener := flatten.New(sinktest.Sink(out), flatten.Options{SplitAtMarks: true})
	for i := range 2 {
		f.Begin()
		f.Src.Set(s, 1)
		f.Src.SetExemplar(s, converttest.Exemplar("a", float64(i)))
		require.NoError(t, flattener.Put(f.Src.Step()))
		require.NoError(t, flattener.Put(&history.Step{Stamp: f.Now, Mark: true}))
	}
	require.Len(t, out.Lines, 6)
	assert.NotContains(t, out.Lines[1], "since")
	assert.Contains(t, out.Lines[4], "# {[{trace a}] 1")
	assert.Contains(t, out.Lines[4], "{since ")
}
