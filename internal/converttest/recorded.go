package converttest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Recorded makes values of a metric as pmlogger would record them.
type Recorded struct {
	Metric *history.Metric
	series map[pcp.InstID]*history.Series
	InDom  *meta.InDom // nil for a singular metric
}

// NewRecorded returns a metric without values. The labels are those of the context.
func NewRecorded(t *testing.T, name string, d meta.Desc, labels ...labelset.Label) *Recorded {
	t.Helper()
	context, err := labelset.New(labelset.Context, labels...)
	require.NoError(t, err)
	d.Names = []string{name}
	n := &Recorded{Metric: &history.Metric{Name: name, Desc: &d}, series: map[pcp.InstID]*history.Series{}}
	n.Metric.Labels[0] = context
	return n
}

// SetMembers sets the instances of the domain. They are named i and their number.
func (n *Recorded) SetMembers(ids ...pcp.InstID) {
	n.InDom = &meta.InDom{ID: n.Metric.Desc.InDom}
	for _, id := range ids {
		n.InDom.Instances = append(n.InDom.Instances, meta.Instance{ID: id, Name: fmt.Sprint("i", id)})
	}
}

// At returns the metric's part of a step. The value of each instance is its number.
func (n *Recorded) At(ids ...pcp.InstID) history.MetricValues {
	mv := history.MetricValues{Metric: n.Metric, InDom: n.InDom}
	for _, id := range ids {
		s, ok := n.series[id]
		if !ok {
			s = &history.Series{Metric: n.Metric, Inst: meta.Instance{ID: id}}
			if id != pcp.InstNull {
				s.Inst.Name = fmt.Sprint("i", id)
			}
			n.series[id] = s
		}
		mv.Points = append(mv.Points, history.Point{Series: s, Value: history.DoubleValue(id, float64(id))})
	}
	return mv
}

// Put passes a step to a Flattener.
func Put(t *testing.T, f *flatten.Flattener, ms int64, metrics ...history.MetricValues) {
	t.Helper()
	require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(ms), Metrics: metrics}))
}

// Numbers returns the metric's part of a step. The values are those of the instances 0, 1,
// …, or the only value of a singular metric. An instance with a negative value gets none.
func (n *Recorded) Numbers(values ...int64) history.MetricValues {
	var mv history.MetricValues
	for i, v := range values {
		id := pcp.InstID(i)
		if n.Metric.Desc.InDom == pcp.InDomNull {
			id = pcp.InstNull
		}
		if v < 0 {
			continue
		}
		one := n.At(id)
		one.Points[0].Value = history.NumberValue(id, n.Metric.Desc.Type, uint64(v))
		mv.Points = append(mv.Points, one.Points[0])
	}
	mv.Metric, mv.InDom = n.Metric, n.InDom
	return mv
}

// NewSingular returns a singular metric.
func NewSingular(t *testing.T, name string, id pcp.PMID, typ pcp.Type, sem pcp.Semantics) *Recorded {
	return NewRecorded(t, name, meta.Desc{PMID: id, Type: typ, InDom: pcp.InDomNull, Sem: sem})
}

// Mark returns a mark.
func Mark(ms int64) *history.Step { return &history.Step{Stamp: pcp.TimestampMilli(ms), Mark: true} }
