package convert_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Metadata is written with a metric's first value, in the reference logger's
// order, and again only when it changes.
func TestToArchiveWritesMetadataOnce(t *testing.T) {
	f := converttest.NewFixture(t)
	base, sink := converttest.Create(t, nil)
	a, err := f.Src.Series("m", converttest.Labels([]string{"x", "a"}), prom.Family{Name: "m", Type: "gauge", Help: "one\ntwo"})
	require.NoError(t, err)
	b := f.Series("m", "gauge", "x", "b")
	single := f.Series("s", "gauge")
	for range 3 {
		require.NoError(t, sink.Put(f.Step(a, single)))
	}
	require.NoError(t, sink.Put(f.Step(a, b)))
	require.NoError(t, sink.Close())
	var kinds []string
	for rec, err := range converttest.Open(t, base).Records(archive.RoleMeta) {
		require.NoError(t, err)
		kinds = append(kinds, rec.Record.Kind().String())
	}
	assert.Equal(t, "desc labels labels labels text text indom labels "+ // context, cluster, item; instances
		"desc labels "+ // s has an item level of its own and no help
		"indom delta labels", // b joins
		strings.Join(kinds, " "))
}

// What cannot be written is refused with nothing written, and the sink goes on.
// TestToArchiveFloatWithoutBlock writes a float as archives of 1995 store it: in place of a
// reference to a block.
func TestToArchiveFloatWithoutBlock(t *testing.T) {
	base, sink := converttest.Create(t, nil)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeFloat, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"load"}}
	m := &history.Metric{Name: "load", Desc: d}
	stored := history.WordValue(pcp.InstNull, math.Float32bits(1.5))
	require.NoError(t, sink.Put(&history.Step{Stamp: pcp.Timestamp{Sec: 1}, Metrics: []history.MetricValues{{
		Metric: m, Points: []history.Point{{Series: &history.Series{Metric: m, Inst: meta.Instance{ID: pcp.InstNull}}, Value: stored}},
	}}}))
	require.NoError(t, sink.Close())
	for step, err := range converttest.Open(t, base).Steps(history.Query{}) {
		require.NoError(t, err)
		v, ok := step.Metrics[0].Points[0].Value.Number(pcp.TypeFloat)
		assert.True(t, ok)
		assert.InDelta(t, 1.5, v, 0)
	}
}

func TestToArchiveOrder(t *testing.T) {
	f := converttest.NewFixture(t)
	base, sink := converttest.Create(t, nil)
	s := f.Series("m", "gauge")
	require.NoError(t, sink.Put(f.Step(s)))
	late := f.Step(s)
	late.Stamp.Sec -= 10
	size := sink.Size()
	assert.ErrorIs(t, sink.Put(late), archive.ErrOrder)
	assert.Equal(t, size, sink.Size())
	require.NoError(t, sink.Put(&history.Step{Stamp: f.Now}), "a step without values is no record")
	assert.Equal(t, size, sink.Size())
	require.NoError(t, sink.Put(&history.Step{Stamp: f.Now, Mark: true}))
	require.NoError(t, sink.Put(f.Step(s)))
	require.NoError(t, sink.Flush())
	require.NoError(t, sink.Close())

	var marks []bool
	for step, err := range converttest.Open(t, base).Steps(history.Query{}) {
		require.NoError(t, err)
		marks = append(marks, step.Mark)
	}
	assert.Equal(t, []bool{false, true, false}, marks)
}

// A metric that contradicts one of the same number is refused by name.
func TestToArchiveContradiction(t *testing.T) {
	f := converttest.NewFixture(t)
	_, sink := converttest.Create(t, nil)
	step := f.Step(f.Series("m", "gauge"))
	require.NoError(t, sink.Put(step))
	other := *step.Metrics[0].Metric
	desc := *other.Desc
	desc.Type = pcp.TypeU64
	other.Desc = &desc
	next := f.Step(f.Series("m", "gauge"))
	next.Metrics[0].Metric = &other
	err := sink.Put(next)
	assert.ErrorIs(t, err, pcp.ErrMismatch)
	assert.ErrorContains(t, err, "metric openmetrics.web.m: ")
	require.NoError(t, sink.Close())
}
