package pmseries

import (
	"context"
	"fmt"
	"time"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/pcp"
)

// evaluation evaluates an expression.
type evaluation struct {
	ctx    context.Context
	view   *View
	at     Times
	window *Window // replaces those of the operands; may be nil
	reads  bool    // values are wanted
	budget int
	limit  int
}

func (e *Engine) evaluation(ctx context.Context, v *View, at Times, w *Window) *evaluation {
	if at.Present.IsZero() {
		at.Present = pcp.TimestampOf(time.Now())
	}
	return &evaluation{ctx: ctx, view: v, at: at, window: w, budget: e.opts.MaxValues, limit: e.opts.MaxValues}
}

// evaluate evaluates a whole expression. The vectors of a result that was computed have the
// same units.
func (x *evaluation) evaluate(root *node) ([]*vector, error) {
	out, scalar, err := x.node(root)
	if err == nil && scalar != nil {
		err = refuse("the expression is a number")
	}
	if err != nil || root.operand != nil {
		return out, err
	}
	return out, alike(out)
}

// node evaluates a node to vectors or to a number.
func (x *evaluation) node(n *node) ([]*vector, *float64, error) {
	switch {
	case n.operand != nil:
		out, err := x.operand(n.operand)
		return out, nil, err
	case n.call != nil:
		out, scalar, err := x.node(n.left)
		if err == nil && scalar != nil {
			err = refuse("%s: want series, not a number", n.call.name)
		}
		for _, v := range out {
			if err != nil {
				break
			}
			err = n.call.apply(n, v)
		}
		return out, nil, err
	case n.number != nil:
		return nil, n.number, nil
	}
	left, a, err := x.node(n.left)
	if err != nil {
		return nil, nil, err
	}
	right, b, err := x.node(n.right)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case a != nil && b != nil:
		c, _ := calculate(n.op, pcp.TypeDouble, doubleOf(*a), doubleOf(*b))
		f := c.float()
		return nil, &f, nil
	case a != nil:
		return right, nil, scaleAll(n.op, right, *a, true)
	case b != nil:
		return left, nil, scaleAll(n.op, left, *b, false)
	}
	out, err := pairs(n.op, left, right)
	return out, nil, err
}

// scaleAll combines vectors with a number.
func scaleAll(op byte, all []*vector, scalar float64, reversed bool) error {
	for _, v := range all {
		if err := combineScalar(op, v, scalar, reversed); err != nil {
			return err
		}
	}
	return nil
}

// pairs combines the vectors of two operands: a single one with each of the other side,
// several with those of the same source.
func pairs(op byte, left, right []*vector) ([]*vector, error) {
	var out []*vector
	add := func(a, b *vector) error {
		a = a.copy()
		out = append(out, a)
		return combine(op, a, b)
	}
	for _, a := range left {
		partners := 0
		for _, b := range right {
			if len(left) > 1 && len(right) > 1 && a.metric.Source != b.metric.Source {
				continue
			}
			if partners++; partners > 1 && len(left) > 1 {
				return nil, &OperandError{string(op), fmt.Sprintf("several series of host %s on both sides: narrow the operands", a.metric.Host)}
			}
			if err := add(a, b); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// copy returns a vector with samples of its own.
func (v *vector) copy() *vector {
	c := *v
	c.samples = make([]sample, len(v.samples))
	for i, s := range v.samples {
		c.samples[i] = sample{s.stamp, s.epoch, append([]Value(nil), s.values...)}
	}
	return &c
}

// alike converts vectors to common units: they are values of one series.
func alike(all []*vector) error {
	if len(all) < 2 {
		return nil
	}
	common := all[0].units
	for _, v := range all[1:] {
		if !scale.SameDimension(common, v.units) {
			return refuse("Incompatible units between operand metrics or expressions: %s and %s", unitsName(common), unitsName(v.units))
		}
		common = inScale(common, largerScale(common, v.units))
	}
	for _, v := range all {
		v.convert(common)
	}
	return nil
}

// convert converts the values to units of the same dimension.
func (v *vector) convert(to pcp.Units) {
	f := scale.Factor(v.units, to)
	v.units = to
	if f == 1 || !v.numeric() {
		return
	}
	v.typ = pcp.TypeDouble
	for _, s := range v.samples {
		for i := range s.values {
			s.values[i].number = doubleOf(s.values[i].number.float() * f)
		}
	}
}

// operand evaluates an operand.
func (x *evaluation) operand(o *operand) ([]*vector, error) {
	t, err := x.view.load(x.ctx)
	if err != nil {
		return nil, err
	}
	metrics, err := x.view.selected(x.ctx, t, o)
	if err != nil {
		return nil, err
	}
	return x.vectors(t, metrics, o)
}

// vectors returns the vectors of metrics, with values if they are wanted.
func (x *evaluation) vectors(t *tables, metrics []*Metric, o *operand) ([]*vector, error) {
	all := make([]*vector, len(metrics))
	for i, m := range metrics {
		all[i] = &vector{metric: m, indom: m.InDom, sem: m.Sem, typ: m.Type, units: m.Units}
	}
	w := o.window
	if x.window != nil {
		w = x.window
	}
	if !x.reads || w == nil || len(all) == 0 {
		return all, nil
	}
	sp, err := x.span(*w, metrics)
	if err != nil {
		return nil, err
	}
	collectors := make([]*collector, len(all))
	for i, v := range all {
		collectors[i] = &collector{vector: v, where: o.where, sources: t.sources[v.metric.Source], span: sp}
	}
	back := sp
	back.from, back.to = sp.from.Add(-x.at.By), sp.to.Add(-x.at.By)
	if !x.at.Until.IsZero() && back.to.After(x.at.Until) {
		back.to = x.at.Until
	}
	r := &reading{ctx: x.ctx, view: x.view, tables: t, span: back, budget: &x.budget, limit: x.limit, by: x.at.By}
	return all, r.read(collectors)
}

// span works out a window at the times that clients see.
func (x *evaluation) span(w Window, metrics []*Metric) (span, error) {
	b := Bounds{Present: x.at.Present, Zone: time.UTC}
	hosts := map[string]bool{}
	for _, m := range metrics {
		hosts[m.Host] = true
	}
	first := true
	for _, set := range x.view.sets {
		if !hosts[set.Host()] {
			continue
		}
		start := set.Header().Start
		end, err := set.Until(x.ctx.Err).Ending()
		if x.ctx.Err() != nil {
			return span{}, x.ctx.Err()
		}
		if err != nil {
			continue
		}
		if first {
			b.First, b.Last, b.Zone = start, end, set.Location()
			first = false
		}
		if start.Before(b.First) {
			b.First = start
		}
		if end.After(b.Last) {
			b.Last = end
		}
	}
	b.First, b.Last = b.First.Add(x.at.By), b.Last.Add(x.at.By)
	return w.resolve(b)
}
