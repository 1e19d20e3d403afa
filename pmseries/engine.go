package pmseries

import (
	"context"
	"sync"
	"time"

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
