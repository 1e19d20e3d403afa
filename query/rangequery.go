package query

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// rangeQuery is a query over a range of times. If no window of a function that adds up
// changes holds a mark at a time, the result at that time is that of Prometheus' engine.
// The other times are evaluated once more, with bridges over the marks, from the series
// that the first evaluation has read. A bridge moves
// values. Windows that do not need it must not see moved values, because the
// extrapolation of rate() depends on the distance of a value from 0.
//
// In an expression with several windows, a window without a mark does see moved values
// if another window holds a mark. This changes its result only if a counter began less
// than a step earlier. If windows are at other times than the query, as in subqueries,
// one mark in any window causes all times to be evaluated once more.
type rangeQuery struct {
	promql.Query
	e          *Engine
	expr       string
	start, end time.Time
	step       time.Duration
	crossings  crossings
	reach      reach
	divided    int // number of sections that gave the answer; 0 if the whole did
	cancelled  context.Context
	cancel     context.CancelFunc
	reread     bool           // evaluations with bridges read the archives again
	again      []promql.Query // further evaluations; Close closes them, because their results are in use
}

// mostParts is the maximum number of parts of the time that are evaluated again one by one.
const mostParts = 8

// Exec evaluates the query.
func (q *rangeQuery) Exec(ctx context.Context) *promql.Result {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(q.cancelled, end)()
	indirect := q.indirect() // the engine changes the expression
	res := q.evaluate(ctx)
	matrix, ok := res.Value.(promql.Matrix)
	if res.Err != nil || !ok {
		return res
	}
	parts := q.crossings.parts(q.time(), q.step.Milliseconds())
	if indirect && len(q.crossings.seen) > 0 {
		parts = []interval{q.time()}
	}
	if len(parts) == 0 {
		q.crossings.kept = nil
		return res
	}
	again := parts
	if len(parts) > mostParts {
		again = []interval{{parts[0].from, parts[len(parts)-1].to}}
	}
	var better []promql.Matrix
	for _, part := range again {
		sub, err := q.over(ctx, q.e.engine, q.bridged(), part)
		if err != nil {
			return &promql.Result{Err: err}
		}
		q.again = append(q.again, sub)
		r := sub.Exec(ctx)
		if r.Err != nil {
			return r
		}
		better = append(better, r.Value.(promql.Matrix))
		res.Warnings.Merge(r.Warnings)
	}
	q.crossings.kept = nil
	res.Value = replace(matrix, parts, better)
	return res
}

// bridged returns the storage for evaluations with bridges.
func (q *rangeQuery) bridged() storage.Queryable {
	if q.reread {
		return q.e.queryable(q.e.storage.bridged().reaching(&q.reach))
	}
	return q.e.queryable(&replay{&q.crossings, q.e.storage.bridged().reaching(&q.reach)})
}

// indirect reports whether windows may be of other times than those of the
// query: those in subqueries, and with @.
func (q *rangeQuery) indirect() bool {
	stmt, ok := q.Statement().(*parser.EvalStmt)
	if !ok {
		return false
	}
	found := false
	parser.Inspect(stmt.Expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.SubqueryExpr:
			found = true
		case *parser.VectorSelector:
			found = found || n.Timestamp != nil || n.StartOrEnd != 0
		}
		return nil
	})
	return found
}

// Close releases the memory of the result.
func (q *rangeQuery) Close() {
	q.cancel()
	for _, again := range q.again {
		again.Close()
	}
	q.Query.Close()
}

// Cancel ends the query.
func (q *rangeQuery) Cancel() { q.cancel() }

// replace puts the points of better in the place of those of some parts of the
// time.
func replace(all promql.Matrix, parts []interval, better []promql.Matrix) promql.Matrix {
	within := func(t int64) bool {
		i, found := slices.BinarySearchFunc(parts, t, func(p interval, t int64) int { return cmp.Compare(p.to, t) })
		return found || i < len(parts) && parts[i].from <= t
	}
	index := make(map[string]int, len(all))
	for i := range all {
		s := &all[i]
		index[s.Metric.String()] = i
		s.Floats = slices.DeleteFunc(s.Floats, func(p promql.FPoint) bool { return within(p.T) })
		s.Histograms = slices.DeleteFunc(s.Histograms, func(p promql.HPoint) bool { return within(p.T) })
	}
	for _, part := range better {
		for _, b := range part {
			name := b.Metric.String()
			i, ok := index[name]
			if !ok {
				i = len(all)
				index[name] = i
				all = append(all, promql.Series{Metric: b.Metric})
			}
			// The memory of the points is the queries'.
			s := &all[i]
			s.Floats = append(slices.Clip(s.Floats), filter(b.Floats, func(p promql.FPoint) bool { return within(p.T) })...)
			s.Histograms = append(slices.Clip(s.Histograms), filter(b.Histograms, func(p promql.HPoint) bool { return within(p.T) })...)
		}
	}
	for i := range all {
		slices.SortFunc(all[i].Floats, func(a, b promql.FPoint) int { return cmp.Compare(a.T, b.T) })
		slices.SortFunc(all[i].Histograms, func(a, b promql.HPoint) int { return cmp.Compare(a.T, b.T) })
	}
	all = slices.DeleteFunc(all, func(s promql.Series) bool { return len(s.Floats)+len(s.Histograms) == 0 })
	sort.Sort(all)
	return all
}

// filter returns the points that are kept, in memory of its own.
func filter[P any](points []P, keep func(P) bool) []P {
	var kept []P
	for _, p := range points {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// interval is a part of the time, both ends inclusive, in milliseconds.
type interval struct{ from, to int64 }

// crossings collects the marks that the selections of a query met, as the times
// at which a window of theirs holds one.
type crossings struct {
	mu   sync.Mutex
	seen []crossing
	kept []keptSelection

	reread atomic.Int32 // selections with bridges that read archives again
}

// crossing is a mark in the sight of a selection.
type crossing struct {
	mark   int64
	to     int64 // until when the selection reads
	window int64
}

func (c *crossings) add(x crossing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, x)
}

// parts returns the parts of a query's time in which windows that follow its
// steps hold marks. They begin and end at steps.
func (c *crossings) parts(whole interval, step int64) []interval {
	var steps []interval // by number
	for _, x := range c.seen {
		offset := whole.to - x.to
		at := interval{x.mark + offset, x.mark + x.window + offset - 1}
		at.from, at.to = max(at.from, whole.from), min(at.to, whole.to)
		if first, last := (at.from-whole.from+step-1)/step, (at.to-whole.from)/step; at.from <= at.to && first <= last {
			steps = append(steps, interval{first, last})
		}
	}
	slices.SortFunc(steps, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	var parts []interval
	for _, s := range steps {
		if n := len(parts); n > 0 && s.from <= parts[n-1].to+1 {
			parts[n-1].to = max(parts[n-1].to, s.to)
			continue
		}
		parts = append(parts, s)
	}
	for i := range parts {
		parts[i] = interval{whole.from + parts[i].from*step, whole.from + parts[i].to*step}
	}
	return parts
}
