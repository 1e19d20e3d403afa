package values

import (
	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// due reports whether a step has values from which a metric follows: of an operand that
// changes, or of any if all are discrete. Interpolated steps have all values that there
// are: an operand without one has no instances, which sum and count take for zero.
func (d *deriver) due(m *derivedOf) bool {
	if !d.hold {
		return true
	}
	discrete, changing := false, false
	for _, op := range m.ops {
		if op.desc.Sem == pcp.SemDiscrete {
			discrete = discrete || op.present
			continue
		}
		if op.present {
			return true
		}
		changing = true
	}
	return len(m.Operands) == 0 || discrete && !changing
}

// evaluate appends the points of a metric.
func (d *deriver) evaluate(m *derivedOf, at pcp.Timestamp) {
	now := &derive.Sample{Stamp: at, Instance: m.ops.instance, Values: m.ops.values}
	var before *derive.Sample
	if m.any {
		before = &derive.Sample{Stamp: m.stamp, Instance: m.ops.instance, Values: func(id pcp.PMID) []history.Value { return m.before[id] }}
	}
	for _, v := range m.Eval(now, before) {
		if s := m.seriesOf(v.Inst); s != nil {
			d.points = append(d.points, history.Point{Series: s, Value: v})
		}
	}
	if m.Before {
		m.any, m.stamp = true, at
		for _, op := range m.ops {
			m.before[op.desc.PMID] = append(m.before[op.desc.PMID][:0], op.values...)
		}
	}
}

// outlined appends a point for each series that a metric may have.
func (d *deriver) outlined(m *derivedOf) {
	if m.desc.InDom == pcp.InDomNull {
		d.points = append(d.points, history.Point{Series: m.seriesOf(pcp.InstNull), Value: history.NumberValue(pcp.InstNull, m.Type, 0)})
		return
	}
	for _, op := range m.ops {
		if op.desc.InDom != m.desc.InDom || !op.present {
			continue
		}
		for _, v := range op.values {
			d.points = append(d.points, history.Point{Series: m.seriesOf(v.Inst), Value: history.NumberValue(v.Inst, m.Type, 0)})
		}
	}
}

// seriesOf returns the series of a derived metric that has the instance of an operand, nil
// if no operand has it.
func (m *derivedOf) seriesOf(inst pcp.InstID) *history.Series {
	var from *history.Series
	if m.desc.InDom == pcp.InDomNull {
		inst = pcp.InstNull
	} else if from = m.ops.series(m.desc.InDom, inst); from == nil {
		return nil
	}
	s := m.series[from]
	if s == nil {
		s = &history.Series{Metric: m.metric, Inst: meta.Instance{ID: inst}}
		if from != nil {
			s.Inst, s.Labels = from.Inst, from.Labels
		}
		m.series[from] = s
	}
	return s
}
