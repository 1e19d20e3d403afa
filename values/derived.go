package values

import (
	"iter"
	"slices"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Bind finds the operands of a derived metric in the archives of a host. The error says
// why the metric has no values there.
func Bind(set *store.Set, d derive.Definition) (*derive.Metric, error) {
	readers := slices.Collect(set.Readers())
	return d.Expr.Bind(d.Name, func(name string) (*meta.Desc, bool) {
		for _, r := range slices.Backward(readers) {
			if desc, ok := r.Meta().Lookup(name); ok {
				return desc, true
			}
		}
		return nil, false
	})
}

// deriver computes derived metrics from the values of their operands.
type deriver struct {
	metrics  []*derived
	operands map[pcp.PMID]*operand
	// hold keeps the values of discrete operands for later steps. Interpolated steps have
	// them already.
	hold    bool
	outline bool
	out     history.Step
	points  []history.Point
}

// derived is a derived metric of a host.
type derived struct {
	*derive.Metric
	metric *history.Metric
	series map[*history.Series]*history.Series // by the series of an operand; nil for a singular metric
	before map[pcp.PMID][]history.Value        // the values of the last evaluation, if they count
	stamp  pcp.Timestamp                       // of before
	any    bool                                // before has values
}

// operand holds the values of an operand in the current step.
type operand struct {
	desc    *meta.Desc
	present bool // in the current step
	values  []history.Value
	series  map[pcp.InstID]*history.Series
	indom   *meta.InDom
}

// newDeriver binds the derived metrics that Specs select. Those without operands in the
// archives have no values.
func newDeriver(set *store.Set, o *Options) *deriver {
	d := &deriver{operands: map[pcp.PMID]*operand{}, hold: o.Step <= 0, outline: o.outline}
	for i, def := range o.Derived {
		m, err := Bind(set, def)
		if err != nil {
			continue
		}
		desc := &meta.Desc{
			PMID: pcp.NewPMID(pcp.DynamicDomain, 2046-uint32(i)/1024%1024, 1023-uint32(i)%1024),
			Type: m.Type, InDom: m.InDom, Sem: m.Sem, Units: m.Units, Names: []string{m.Name},
		}
		if !o.selects(desc) {
			continue
		}
		metric := &history.Metric{Name: m.Name, Desc: desc}
		d.metrics = append(d.metrics, &derived{Metric: m, metric: metric, series: map[*history.Series]*history.Series{}, before: map[pcp.PMID][]history.Value{}})
		for _, op := range m.Operands {
			if d.operands[op.PMID] == nil {
				d.operands[op.PMID] = &operand{desc: op, series: map[pcp.InstID]*history.Series{}}
			}
		}
	}
	return d
}

// needs reports whether a metric is an operand.
func (d *deriver) needs(desc *meta.Desc) bool { return d.operands[desc.PMID] != nil }

// stage adds derived metrics to steps.
func (d *deriver) stage(steps iter.Seq2[*history.Step, error]) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		for step, err := range steps {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(d.step(step), nil) {
				return
			}
		}
	}
}

// step returns a step with derived metrics.
func (d *deriver) step(in *history.Step) *history.Step {
	if in.Mark {
		d.forget()
		return in
	}
	d.collect(in)
	d.out.Stamp, d.points = in.Stamp, d.points[:0]
	d.out.Metrics = append(d.out.Metrics[:0], in.Metrics...)
	for _, m := range d.metrics {
		start := len(d.points)
		switch {
		case d.outline:
			d.outlined(m)
		case d.due(m):
			d.evaluate(m, in.Stamp)
		default:
			m.any = m.any && d.hold
		}
		if end := len(d.points); end > start {
			d.out.Metrics = append(d.out.Metrics, history.MetricValues{Metric: m.metric, InDom: d.domain(m), Points: d.points[start:end:end]})
		}
	}
	return &d.out
}

// forget drops all values, as they say nothing about the time after a mark.
func (d *deriver) forget() {
	for _, op := range d.operands {
		op.values, op.present = op.values[:0], false
	}
	for _, m := range d.metrics {
		m.any = false
	}
}

// collect takes the values of the operands.
func (d *deriver) collect(in *history.Step) {
	for _, op := range d.operands {
		op.present = false
		if !d.hold || op.desc.Sem != pcp.SemDiscrete {
			op.values = op.values[:0]
		}
	}
	for i := range in.Metrics {
		mv := &in.Metrics[i]
		op := d.operands[mv.Metric.Desc.PMID]
		if op == nil || len(mv.Points) == 0 {
			continue
		}
		op.present, op.indom, op.values = true, mv.InDom, op.values[:0]
		for _, p := range mv.Points {
			v := p.Value
			v.Data = slices.Clone(v.Data)
			op.values = append(op.values, v)
			if op.series[v.Inst] != p.Series {
				op.series[v.Inst] = p.Series
			}
		}
	}
}

// due reports whether a step has values from which a metric follows: of an operand that
// changes, or of any if all are discrete. Interpolated steps have all values that there
// are: an operand without one has no instances, which sum and count take for zero.
func (d *deriver) due(m *derived) bool {
	if !d.hold {
		return true
	}
	discrete, changing := false, false
	for _, desc := range m.Operands {
		op := d.operands[desc.PMID]
		if desc.Sem == pcp.SemDiscrete {
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
func (d *deriver) evaluate(m *derived, at pcp.Timestamp) {
	now := &derive.Sample{Stamp: at, Instance: d.instance, Values: func(id pcp.PMID) []history.Value { return d.operands[id].values }}
	var before *derive.Sample
	if m.any {
		before = &derive.Sample{Stamp: m.stamp, Instance: d.instance, Values: func(id pcp.PMID) []history.Value { return m.before[id] }}
	}
	for _, v := range m.Eval(now, before) {
		if s := d.seriesOf(m, v.Inst); s != nil {
			d.points = append(d.points, history.Point{Series: s, Value: v})
		}
	}
	if m.Before {
		m.any, m.stamp = true, at
		for _, desc := range m.Operands {
			m.before[desc.PMID] = append(m.before[desc.PMID][:0], d.operands[desc.PMID].values...)
		}
	}
}

// outlined appends a point for each series that a metric may have.
func (d *deriver) outlined(m *derived) {
	if m.metric.Desc.InDom == pcp.InDomNull {
		d.points = append(d.points, history.Point{Series: d.seriesOf(m, pcp.InstNull), Value: history.NumberValue(pcp.InstNull, m.Type, 0)})
		return
	}
	for _, desc := range m.Operands {
		op := d.operands[desc.PMID]
		if desc.InDom != m.metric.Desc.InDom || !op.present {
			continue
		}
		for _, v := range op.values {
			d.points = append(d.points, history.Point{Series: d.seriesOf(m, v.Inst), Value: history.NumberValue(v.Inst, m.Type, 0)})
		}
	}
}

// seriesOf returns the series of a derived metric that has the instance of an operand, nil
// if no operand has it.
func (d *deriver) seriesOf(m *derived, inst pcp.InstID) *history.Series {
	var from *history.Series
	if m.metric.Desc.InDom == pcp.InDomNull {
		inst = pcp.InstNull
	} else if from = d.operandSeries(m.metric.Desc.InDom, inst, m.Operands); from == nil {
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

// operandSeries returns the series of an operand in an instance domain.
func (d *deriver) operandSeries(domain pcp.InDomID, inst pcp.InstID, operands []*meta.Desc) *history.Series {
	for _, desc := range operands {
		if desc.InDom == domain {
			if s := d.operands[desc.PMID].series[inst]; s != nil {
				return s
			}
		}
	}
	return nil
}

// domain returns the instance domain of a derived metric.
func (d *deriver) domain(m *derived) *meta.InDom {
	for _, desc := range m.Operands {
		if op := d.operands[desc.PMID]; desc.InDom == m.metric.Desc.InDom && op.indom != nil {
			return op.indom
		}
	}
	return nil
}

// instance returns the name of an instance.
func (d *deriver) instance(domain pcp.InDomID, inst pcp.InstID) (string, bool) {
	for _, op := range d.operands {
		if op.desc.InDom == domain {
			if s := op.series[inst]; s != nil {
				return s.Inst.Name, true
			}
		}
	}
	return "", false
}
