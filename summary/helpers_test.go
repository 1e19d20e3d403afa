package summary_test

import (
	"iter"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

// history is a source of one metric without instances, or with several. A nil
// entry is a mark.
type stepList struct {
	desc   *meta.Desc
	metric *history.Metric
	steps  []*history.Step
}

func newHistory(sem pcp.Semantics, typ pcp.Type) *stepList {
	d := &meta.Desc{PMID: pcp.NewPMID(1, 2, 3), Type: typ, InDom: pcp.NewInDomID(1, 1), Sem: sem, Names: []string{"a.b"},
		Units: pcp.Units{DimCount: 1}}
	return &stepList{desc: d, metric: &history.Metric{Name: "a.b", Desc: d}}
}

func (h *stepList) Steps(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		for _, s := range h.steps {
			if s.Stamp.Before(q.From) {
				continue
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func at(sec float64) pcp.Timestamp {
	return pcp.Timestamp{Sec: 1000}.Add(time.Duration(sec * float64(time.Second)))
}

// put adds the values of instances 0, 1, …; NaN stands for an absent one.
func (h *stepList) put(sec float64, values ...float64) *stepList {
	step := &history.Step{Stamp: at(sec), Metrics: []history.MetricValues{{Metric: h.metric}}}
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		inst := pcp.InstID(i)
		val := history.DoubleValue(inst, v)
		switch h.desc.Type {
		case pcp.TypeU32:
			val = history.WordValue(inst, uint32(v))
		case pcp.TypeU64:
			val = history.NumberValue(inst, pcp.TypeU64, uint64(v))
		}
		series := &history.Series{Metric: h.metric, Inst: meta.Instance{ID: inst, Name: string(rune('a' + i))}}
		step.Metrics[0].Points = append(step.Metrics[0].Points, history.Point{Series: series, Value: val})
	}
	h.steps = append(h.steps, step)
	return h
}

func (h *stepList) mark(sec float64) *stepList {
	h.steps = append(h.steps, &history.Step{Stamp: at(sec), Mark: true})
	return h
}

func (h *stepList) of(t *testing.T, o summary.Options) []*summary.Series {
	t.Helper()
	sum, err := summary.Of(t.Context(), h, o)
	require.NoError(t, err)
	return sum.Series
}
