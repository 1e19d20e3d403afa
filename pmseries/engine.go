package pmseries

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options configure an [Engine]. The zero value means the defaults.
type Options struct {
	// MaxValues limits the values that a question holds, with a [LimitError]. Zero means a
	// million.
	MaxValues int
	// MaxExprs limits the expressions that the engine remembers by the IDs of their
	// results. Zero means 10,000.
	MaxExprs int
}

// The defaults of [Options].
const (
	DefaultMaxValues = 1_000_000
	DefaultMaxExprs  = 10_000
)

// Times says what a question takes for the present, and how its times differ from those of
// the archives. The zero value means now, and that they do not differ.
type Times struct {
	// Present is the time to which negative intervals refer, as clients see it.
	Present pcp.Timestamp
	// By is added to the times of the archives.
	By time.Duration
	// Until is the last time of the archives that is visible; zero means all.
	Until pcp.Timestamp
}

// Engine answers questions. It remembers the expressions that it was asked about, so that
// the values of their results can be asked for by ID. Several goroutines may use it.
type Engine struct {
	opts Options

	mu    sync.Mutex // guards the fields below
	exprs map[ID]*Expr
	past  map[ID]*Expr // those remembered before exprs became full
}

// NewEngine returns an Engine.
func NewEngine(o Options) *Engine {
	if o.MaxValues == 0 {
		o.MaxValues = DefaultMaxValues
	}
	if o.MaxExprs == 0 {
		o.MaxExprs = DefaultMaxExprs
	}
	return &Engine{opts: o, exprs: map[ID]*Expr{}}
}

// Result is the answer to an expression.
type Result struct {
	// Timed says that the expression had time windows. Values then has the answer,
	// otherwise Series.
	Timed  bool
	Series []ID
	Values []SeriesValues
}

// SeriesValues are values of a series.
type SeriesValues struct {
	Series ID
	// Origin is the metric from which an expression computed the values, the zero ID if
	// there is no expression or if it joined instances.
	Origin ID
	Values []Value // in the order of the window
}

// Query answers an expression: with the IDs of the series that it selects, or with their
// values if it has time windows. Errors are a *[ParseError], *[WindowError],
// *[OperandError], *[RefusalError], *[LimitError], or that of ctx.
func (e *Engine) Query(ctx context.Context, v *View, at Times, text string) (*Result, error) {
	expr, err := Parse(text)
	if err != nil {
		return nil, err
	}
	x := e.evaluation(ctx, v, at, nil)
	x.reads = expr.timed
	out, err := x.evaluate(expr.root)
	if err != nil {
		return nil, err
	}
	id := e.name(expr, out)
	r := &Result{Timed: expr.timed}
	if expr.timed {
		r.Values = valuesOf(id, out)
		return r, nil
	}
	seen := map[ID]bool{}
	for _, vec := range out {
		if id != nil {
			r.Series = []ID{*id}
			break
		}
		if !seen[vec.metric.ID] {
			seen[vec.metric.ID] = true
			r.Series = append(r.Series, vec.metric.ID)
		}
	}
	return r, nil
}

// name returns the ID of the result of an expression that computes, and remembers the
// expression by it. It returns nil for a plain operand and for no result.
func (e *Engine) name(expr *Expr, out []*vector) *ID {
	if len(out) == 0 || expr.root.operand != nil {
		return nil
	}
	id := expressionID(canonical(expr.root, out[0].metric.Name))
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.exprs) >= e.opts.MaxExprs/2+1 {
		e.exprs, e.past = map[ID]*Expr{}, e.exprs
	}
	e.exprs[id] = expr
	return &id
}

// expression returns the expression of a result, nil if it is not remembered.
func (e *Engine) expression(id ID) *Expr {
	e.mu.Lock()
	defer e.mu.Unlock()
	if expr := e.exprs[id]; expr != nil {
		return expr
	}
	return e.past[id]
}

// valuesOf returns the values of vectors.
func valuesOf(id *ID, out []*vector) (all []SeriesValues) {
	for _, vec := range out {
		s := SeriesValues{Series: vec.metric.ID}
		if id != nil {
			s.Series = *id
			if !vec.joined {
				s.Origin = vec.metric.ID
			}
		}
		for _, x := range vec.samples {
			s.Values = append(s.Values, x.values...)
		}
		all = append(all, s)
	}
	return all
}

// Values returns the values of series, and of results of expressions that were asked about,
// in a time window. It leaves out series that do not exist. Errors are those of Query.
func (e *Engine) Values(ctx context.Context, v *View, at Times, ids []ID, w Window) ([]SeriesValues, error) {
	x := e.evaluation(ctx, v, at, &w)
	x.reads = true
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	var plain []*Metric
	for _, id := range ids {
		if found := t.byID[id]; len(found) > 0 {
			plain = append(plain, found[len(found)-1])
		}
	}
	vectors, err := x.vectors(t, plain, &operand{window: &w})
	if err != nil {
		return nil, err
	}
	all := valuesOf(nil, vectors)
	for _, id := range ids {
		if expr := e.expression(id); expr != nil && len(t.byID[id]) == 0 {
			out, err := x.evaluate(expr.root)
			if err != nil {
				return nil, err
			}
			all = append(all, valuesOf(&id, out)...)
		}
	}
	return all, nil
}

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
		end, err := set.Ending()
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
