package values

import (
	"iter"
	"maps"
	"slices"
	"strings"

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
	grown   bool // operands have more targets than bindTargets has seen
	out     history.Step
	points  []history.Point
}

// derived is a derived metric of a host.
type derived struct {
	*derive.Metric
	desc    *meta.Desc
	of      map[history.Target]*derivedOf
	targets []*derivedOf // of the targets for which steps evaluate it
}

// derivedOf is a derived metric of a target. It is that of the zero Target if its operands
// come from several.
type derivedOf struct {
	*derived
	metric *history.Metric
	ops    operands                            // as the target has them
	series map[*history.Series]*history.Series // by the series of an operand; nil for a singular metric
	before map[pcp.PMID][]history.Value        // the values of the last evaluation, if they count
	stamp  pcp.Timestamp                       // of before
	any    bool                                // before has values
}

// newDeriver binds the derived metrics that Specs select. Those without operands in the
// archives have no values. shared are the metrics of several targets; newDeriver adds those
// that follow from them.
func newDeriver(set *store.Set, o *Options, shared map[pcp.PMID]bool) *deriver {
	d := &deriver{operands: map[pcp.PMID]*operand{}, hold: o.Step <= 0, outline: o.outline, grown: true}
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
		d.metrics = append(d.metrics, &derived{Metric: m, desc: desc, of: map[history.Target]*derivedOf{}})
		for _, op := range m.Operands {
			if d.operands[op.PMID] == nil {
				d.operands[op.PMID] = &operand{desc: op, of: map[history.Target]*operandOf{}}
			}
			if shared[op.PMID] {
				shared[desc.PMID] = true
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
		d.forget(in)
		return in
	}
	d.collect(in)
	if d.grown {
		d.bindTargets()
	}
	d.out.Stamp, d.out.Part, d.out.Target, d.points = in.Stamp, in.Part, in.Target, d.points[:0]
	d.out.Metrics = append(d.out.Metrics[:0], in.Metrics...)
	for _, m := range d.metrics {
		for _, of := range m.targets {
			d.add(of, in.Stamp)
		}
	}
	return &d.out
}

// add adds a derived metric of a target to the step.
func (d *deriver) add(m *derivedOf, at pcp.Timestamp) {
	start := len(d.points)
	switch {
	case d.outline:
		d.outlined(m)
	case d.due(m):
		d.evaluate(m, at)
	default:
		m.any = m.any && d.hold
	}
	if end := len(d.points); end > start {
		d.out.Metrics = append(d.out.Metrics, history.MetricValues{Metric: m.metric, InDom: m.ops.domain(m.desc.InDom), Points: d.points[start:end:end]})
	}
}

// bindTargets chooses the targets and the operands of all metrics, by the targets that each
// operand has so far.
func (d *deriver) bindTargets() {
	for _, m := range d.metrics {
		m.targets = m.targets[:0]
		for _, t := range d.targets(m) {
			of := m.derivedOf(t)
			of.ops = d.view(m, t)
			m.targets = append(m.targets, of)
		}
	}
	d.grown = false
}

// targets returns the targets for which a metric is evaluated: those of an operand that
// several have. If no operand has several, it is the one of all operands, or the zero
// Target.
func (d *deriver) targets(m *derived) (all []history.Target) {
	only := map[history.Target]bool{}
	for _, desc := range m.Operands {
		op := d.operands[desc.PMID]
		for t := range op.of {
			only[t] = true
			if len(op.of) > 1 && !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	switch {
	case len(all) > 0:
		slices.SortFunc(all, func(a, b history.Target) int { return strings.Compare(a.String(), b.String()) })
	case len(only) == 1:
		all = slices.Collect(maps.Keys(only))
	default:
		all = append(all, history.Target{})
	}
	return all
}

// derivedOf returns a derived metric of a target.
func (m *derived) derivedOf(t history.Target) *derivedOf {
	found := m.of[t]
	if found == nil {
		metric := &history.Metric{Name: m.Name, Desc: m.desc, Target: t}
		found = &derivedOf{derived: m, metric: metric, series: map[*history.Series]*history.Series{}, before: map[pcp.PMID][]history.Value{}}
		m.of[t] = found
	}
	return found
}
