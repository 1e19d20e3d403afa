package query

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/internal/parallel"
)

// Prometheus' engine evaluates on one processor. A range of times is therefore evaluated in
// sections, one on each processor, which share what the query selects. The answer is that of the whole.

// sectioning says into which sections ranges of times are divided.
type sectioning struct {
	most  int // sections; one or less means that the whole is evaluated
	least int // steps of a section
	// engine evaluates sections. Together they hold as many samples as the whole may.
	engine func() *promql.Engine
}

// The usual sectioning. To begin the evaluation of a section costs as much as a hundred steps of one series.
const (
	mostSections      = 4
	leastSectionSteps = 500
)

func newSectioning(o Options) sectioning {
	most := min(runtime.GOMAXPROCS(0), mostSections)
	return sectioning{most, leastSectionSteps, sync.OnceValue(func() *promql.Engine { return newPromEngine(o, o.MaxSamples/most) })}
}

// sections returns the sections of the query's time, nil if they might not give the answer of the whole.
func (q *rangeQuery) sections() []interval {
	stmt, ok := q.Statement().(*parser.EvalStmt)
	if !ok || q.e.stats || !separable(stmt.Expr) {
		return nil
	}
	whole, step := q.time(), q.step.Milliseconds()
	steps := (whole.to-whole.from)/step + 1
	n := min(int64(q.e.divide.most), steps/int64(q.e.divide.least))
	if n < 2 {
		return nil
	}
	all := make([]interval, n)
	for i := range all {
		begin, end := steps*int64(i)/n, steps*int64(i+1)/n
		all[i] = interval{whole.from + begin*step, whole.from + (end-1)*step}
	}
	all[n-1].to = whole.to
	return all
}

// separable reports whether the value of an expression at a time depends on the samples around that time
// alone, and no error or warning on the values at several times.
func separable(expr parser.Expr) bool {
	ok := true
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.SubqueryExpr, *parser.UnaryExpr:
			ok = false // the engine joins or compares series of all times
		case *parser.MatrixSelector:
			// Series with different names may be one without them, at different times.
			ok = ok && slices.ContainsFunc(n.VectorSelector.(*parser.VectorSelector).LabelMatchers, func(m *labels.Matcher) bool {
				return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual
			})
		case *parser.VectorSelector:
			ok = ok && n.Timestamp == nil && n.StartOrEnd == 0 && !n.Anchored && !n.Smoothed
		case *parser.Call:
			ok = ok && n.Func.Name != "label_replace" && n.Func.Name != "label_join" && n.Func.Name != "info"
		case *parser.AggregateExpr:
			ok = ok && n.Op != parser.LIMITK && n.Op != parser.LIMIT_RATIO && constant(n.Param)
		}
		return nil
	})
	return ok
}

// constant reports whether the parameter of an aggregation, which may be nil, is the same at all times.
func constant(param parser.Expr) bool {
	switch param.(type) {
	case nil, *parser.NumberLiteral, *parser.StringLiteral:
		return true
	}
	return false
}

// evaluate evaluates the query without bridges.
func (q *rangeQuery) evaluate(ctx context.Context) *promql.Result {
	sections := q.sections()
	if sections == nil {
		return q.Query.Exec(ctx)
	}
	shared := &sharedSelections{ctx: ctx, storage: q.e.queryable(q.e.storage.watched(&q.crossings).reaching(&q.reach)), whole: q.time()}
	defer shared.close()
	results := make([]*promql.Result, len(sections))
	evaluations := make([]promql.Query, len(sections))
	together, end := context.WithCancel(ctx)
	defer end()
	err := parallel.Do(len(sections), func(i int) (err error) {
		evaluations[i], err = q.over(ctx, q.e.divide.engine(), shared.in(sections[i]), sections[i])
		if err != nil {
			return err
		}
		results[i] = evaluations[i].Exec(together)
		if results[i].Err != nil {
			end()
		}
		return results[i].Err
	})
	defer func() {
		for _, e := range evaluations {
			if e != nil {
				e.Close()
			}
		}
	}()
	if err != nil && ctx.Err() == nil {
		return q.evaluateWhole(ctx, shared) // what the error is, and whether there is one, the whole says
	}
	if err != nil {
		return &promql.Result{Err: err}
	}
	q.divided = len(sections)
	return joined(results)
}

// evaluateWhole evaluates the query from selections that its sections have begun to read.
func (q *rangeQuery) evaluateWhole(ctx context.Context, shared *sharedSelections) *promql.Result {
	whole, err := q.over(ctx, q.e.engine, shared.in(shared.whole), shared.whole)
	if err != nil {
		return &promql.Result{Err: err}
	}
	q.again = append(q.again, whole)
	return whole.Exec(ctx)
}

// joined returns the result for the times of sections, which follow each other.
func joined(sections []*promql.Result) *promql.Result {
	all := &promql.Result{}
	rest := make([]promql.Matrix, len(sections))
	for i, s := range sections {
		rest[i], _ = s.Value.(promql.Matrix)
		all.Warnings.Merge(s.Warnings)
	}
	matrix := promql.Matrix{}
	for {
		first := -1
		for i, m := range rest {
			if len(m) > 0 && (first < 0 || labels.Compare(m[0].Metric, rest[first][0].Metric) < 0) {
				first = i
			}
		}
		if first < 0 {
			all.Value = matrix
			return all
		}
		matrix = append(matrix, joinedSeries(rest, rest[first][0]))
	}
}

// joinedSeries takes the first series of those sections in which it has the labels of first.
func joinedSeries(rest []promql.Matrix, first promql.Series) promql.Series {
	var floats [][]promql.FPoint
	var histograms [][]promql.HPoint
	for i, m := range rest {
		if len(m) > 0 && labels.Equal(m[0].Metric, first.Metric) {
			floats, histograms = append(floats, m[0].Floats), append(histograms, m[0].Histograms)
			rest[i] = m[1:]
		}
	}
	first.Floats, first.Histograms = slices.Concat(floats...), slices.Concat(histograms...)
	return first
}

// sharedSelections is what evaluations of sections select: each what the whole selects.
type sharedSelections struct {
	ctx     context.Context // of the whole: the engine ends the context of a section with the section
	storage storage.Queryable
	whole   interval

	mu      sync.Mutex
	querier storage.Querier
	all     []func() expandedSet // in the order in which an evaluation asks for them
}

// expandedSet is what a selection has found.
type expandedSet struct {
	series   []storage.Series
	warnings annotations.Annotations
	err      error
}

// in returns the storage for the evaluation of a section.
func (s *sharedSelections) in(section interval) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		q := &sectionQuerier{shared: s, before: section.from - s.whole.from, after: s.whole.to - section.to}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.querier != nil {
			return q, nil
		}
		var err error
		s.querier, err = s.storage.Querier(mint-q.before, maxt+q.after)
		return q, err
	})
}

// selection returns the i-th selection of an evaluation. The first that asks begins to read it.
func (s *sharedSelections) selection(i int, hints *storage.SelectHints, matchers []*labels.Matcher) func() expandedSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i == len(s.all) {
		set := s.querier.Select(s.ctx, false, hints, matchers...)
		s.all = append(s.all, sync.OnceValue(func() (found expandedSet) {
			for set.Next() {
				found.series = append(found.series, set.At())
			}
			found.warnings, found.err = set.Warnings(), set.Err()
			return found
		}))
	}
	return s.all[i]
}

func (s *sharedSelections) close() {
	if s.querier != nil {
		s.querier.Close()
	}
}

// sectionQuerier answers the selections of one evaluation.
type sectionQuerier struct {
	storage.LabelQuerier // the engine asks for no labels

	shared        *sharedSelections
	before, after int64 // from the whole's begin to the section's, and from the section's end to the whole's, ms
	asked         int
	background    background
}

// Select returns the series that match in the time of the whole.
func (q *sectionQuerier) Select(_ context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	whole := *hints
	whole.Start, whole.End = hints.Start-q.before, hints.End+q.after
	find := q.shared.selection(q.asked, &whole, matchers)
	q.asked++
	return q.background.begin(func() storage.SeriesSet {
		found := find()
		if found.err != nil {
			return storage.ErrSeriesSet(found.err)
		}
		return &seriesSet{series: found.series, at: -1, warnings: maps.Clone(found.warnings)}
	})
}

// Close waits for the selections that are being read.
func (q *sectionQuerier) Close() error {
	q.background.wait()
	return nil
}

// over prepares the evaluation of a part of the query's time.
func (q *rangeQuery) over(ctx context.Context, engine *promql.Engine, from storage.Queryable, part interval) (promql.Query, error) {
	sub, err := engine.NewRangeQuery(ctx, from, q.e.queryOpts(), q.expr, time.UnixMilli(part.from), time.UnixMilli(part.to), q.step)
	if err != nil {
		return nil, err
	}
	if stmt, ok := sub.Statement().(*parser.EvalStmt); ok && !q.reach.fixed {
		stmt.LookbackDelta = time.Duration(q.reach.ms) * time.Millisecond
	}
	return sub, nil
}

// time returns the time of the query.
func (q *rangeQuery) time() interval { return interval{q.start.UnixMilli(), q.end.UnixMilli()} }
