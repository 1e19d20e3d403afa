package convert_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestEventParameters describes the parameters of event records in an archive
// that is made of another's steps, each with its first record. Records that
// differ in nothing but a parameter are among them.
func TestEventParameters(t *testing.T) {
	desc := func(item uint32, name string, typ pcp.Type) *meta.Desc {
		return &meta.Desc{PMID: pcp.NewPMID(200, 1, item), Type: typ, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{name}}
	}
	event := desc(0, "e.records", pcp.TypeEvent)
	params := []*history.Metric{
		{Name: "e.first", Desc: desc(1, "e.first", pcp.TypeU32), Help: "the first"},
		{Name: "e.second", Desc: desc(2, "e.second", pcp.TypeU32)},
	}
	base, sink := converttest.Create(t, nil)
	m := &history.Metric{Name: "e.records", Desc: event, Params: params}
	series := &history.Series{Metric: m, Inst: meta.Instance{ID: pcp.InstNull}}
	const steps = 20
	for i := range steps {
		at := pcp.Timestamp{Sec: int64(1000 + i)}
		param := 1
		if i == steps-1 {
			param = 2
		}
		value, err := history.EventValue(pcp.InstNull, pcp.TypeEvent, []history.EventRecord{{Stamp: at, Params: []history.EventParam{
			{PMID: pcp.NewPMID(200, 1, uint32(param)), Value: history.WordValue(pcp.InstNull, uint32(i))},
			{PMID: pcp.NewPMID(200, 1, 99), Value: history.WordValue(pcp.InstNull, 1)}, // not described
		}}})
		require.NoError(t, err)
		require.NoError(t, sink.Put(&history.Step{Stamp: at, Metrics: []history.MetricValues{
			{Metric: m, Points: []history.Point{{Series: series, Value: value}}},
		}}))
	}
	require.NoError(t, sink.Close())

	r := converttest.Open(t, base)
	n := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		n++
		want := 1
		if n == steps {
			want = 2
		}
		got := step.Metrics[0]
		require.Len(t, got.Metric.Params, want)
		assert.Same(t, got.Metric, got.Points[0].Series.Metric)
		assert.Equal(t, "the first", got.Metric.Params[0].Help)
	}
	assert.Equal(t, steps, n)

	again, sink := converttest.Create(t, nil)
	require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(r, history.Query{})))
	require.NoError(t, sink.Close())
	store := converttest.Open(t, again).Meta()
	for _, p := range params {
		d, ok := store.Desc(p.Desc.PMID)
		require.True(t, ok)
		assert.Equal(t, p.Desc, d)
	}
	assert.Equal(t, "the first", store.Help(params[0].Desc.PMID))
	t.Run("pmlogcheck", func(t *testing.T) { assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", again)) })
}
