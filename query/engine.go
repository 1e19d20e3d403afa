package query

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Options limit a query. The zero value means the defaults.
type Options struct {
	// Lookback is the maximum age of the last sample of a series. Zero means five
	// minutes, or two and a half recording intervals of the metric if that is longer. A
	// query then looks at the beginning of the last archive of each host.
	Lookback time.Duration
	// MaxSamples limits the samples that a query holds: those that it reads from
	// archives and those that the engine works on. A query that needs more fails with a
	// [LimitError]. Zero means 50 million. A sample read takes at most 16 bytes, beyond the first million two or three. A
	// subquery may have as many steps, or 11,000 if that is more; a subquery with more
	// steps fails with a [StepsError].
	MaxSamples int
	// MaxBytes limits the bytes of records, decompressed, that a query reads from
	// archives, with a [BytesError]. Zero means no limit.
	MaxBytes int64
	// Timeout ends a query with a [TimeoutError]. Zero means two minutes, a negative
	// value no limit.
	Timeout time.Duration
	// Columns are kept columns of archives. Queries read them in place of the archives,
	// and add those of archives that they read. It may be nil.
	Columns *columns.Cache
	// Catalogue answers questions about labels. It may be nil; one that several engines
	// share remembers archives.
	Catalogue *catalogue.Catalogue

	// Gather is how long a query that reads volumes waits for others with which it can share
	// that. Zero means that only queries share it that are being planned at the same time.
	Gather time.Duration

	learnt bool // learnEnds was called
	// paced says that metrics have look-backs of their own, because Lookback was zero.
	paced bool
}

// The defaults of [Options].
const (
	DefaultLookback   = 5 * time.Minute
	DefaultMaxSamples = 50_000_000
	DefaultTimeout    = 2 * time.Minute
)

// subqueryStep is the step of subqueries without one: the default evaluation interval
// of a Prometheus server.
const subqueryStep = time.Minute

// withDefaults returns the options that apply to archives.
func (o Options) withDefaults(sets []*store.Set) Options {
	if !o.learnt {
		o.learnEnds(sets)
		o.learnt = true
	}
	if o.Lookback == 0 {
		o.Lookback, o.paced = DefaultLookback, true
	}
	if o.MaxSamples == 0 {
		o.MaxSamples = DefaultMaxSamples
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return o
}

// Engine evaluates PromQL over the archives of any number of hosts. Several
// goroutines may use it. Exec of its queries returns within a second after its context
// ends, with the context's error.
type Engine struct {
	engine    *promql.Engine
	storage   *Storage
	opts      Options
	view      View // may be nil
	stats     bool // of queries will be asked for
	stepStats bool
	divide    sectioning
	families  *halt.Once[[]prom.Family]
}

// View returns the storage that queries read in place of the archives, such as one that
// adds other series or moves times.
type View func(archives storage.Queryable) storage.Queryable

// WithView returns an Engine that differs from e only in the storage that its queries
// read. It costs next to nothing, so that each request may have its own view.
func (e *Engine) WithView(view View) *Engine {
	viewed := *e
	viewed.view = view
	return &viewed
}

// Extended returns an Engine whose queries read add's storage in place of the one that
// the queries of e read.
func (e *Engine) Extended(add View) *Engine {
	former := e.view
	return e.WithView(func(archives storage.Queryable) storage.Queryable {
		if former != nil {
			archives = former(archives)
		}
		return add(archives)
	})
}

// NewEngine returns an Engine over the archives of hosts, with a Set for each host.
func NewEngine(sets []*store.Set, o Options) *Engine {
	o = o.withDefaults(sets)
	st := NewStorage(sets, o)
	return &Engine{engine: newPromEngine(o, o.MaxSamples), storage: st, opts: o, divide: newSectioning(o), families: &halt.Once[[]prom.Family]{}}
}

// newPromEngine returns Prometheus' engine with a limit of samples.
func newPromEngine(o Options, maxSamples int) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: maxSamples, Timeout: math.MaxInt64, // guarded has ours
		LookbackDelta: o.Lookback, EnableAtModifier: true, EnableNegativeOffset: true, EnablePerStepStats: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
		Parser:                   parser.NewParser(parser.Options{}),
	})
}

// Adjustment changes the settings of an [Engine] for some queries.
type Adjustment struct {
	// Lookback replaces [Options].Lookback if it is positive.
	Lookback time.Duration
	// Stats makes the statistics of a query those of Prometheus. Without it, Prometheus' engine evaluates a
	// long range of times in several sections, and does not add up their statistics.
	Stats bool
	// StepStats makes the statistics of a query count samples step by step, too.
	StepStats bool
}

// Adjusted returns an Engine over the same archives with some settings changed.
func (e *Engine) Adjusted(a Adjustment) *Engine {
	changed := *e
	changed.stats, changed.stepStats = a.Stats || a.StepStats, a.StepStats
	if a.Lookback > 0 {
		changed.opts.Lookback = a.Lookback
		changed.storage = e.storage.lookingBack(a.Lookback)
	}
	return &changed
}

// Lookback returns the maximum age of the last sample of a series, unless its metric is
// recorded so seldom that it has a longer one of its own.
func (e *Engine) Lookback() time.Duration { return e.opts.Lookback }

// Instant evaluates an expression at one time. Close the query after the last use of
// its result.
func (e *Engine) Instant(ctx context.Context, expr string, at time.Time) (promql.Query, error) {
	if err := checkTerms(expr); err != nil {
		return nil, err
	}
	r := &reach{}
	q, err := e.engine.NewInstantQuery(ctx, e.queryable(e.storage.bridged().reaching(r)), e.queryOpts(), expr, at)
	return e.guard(q, q, r, err)
}

// Range evaluates an expression from start to end at every step. Close the query after
// the last use of its result.
func (e *Engine) Range(ctx context.Context, expr string, start, end time.Time, step time.Duration) (promql.Query, error) {
	if err := checkTerms(expr); err != nil {
		return nil, err
	}
	q := &rangeQuery{e: e, expr: expr, start: start, end: end, step: step}
	q.cancelled, q.cancel = context.WithCancel(context.Background())
	var err error
	q.Query, err = e.engine.NewRangeQuery(ctx, e.queryable(e.storage.watched(&q.crossings).reaching(&q.reach)), e.queryOpts(), expr, start, end, step)
	return e.guard(q, q.Query, &q.reach, err)
}

// guard wraps a query that the engine has prepared.
func (e *Engine) guard(q, prepared promql.Query, r *reach, err error) (promql.Query, error) {
	if err != nil {
		return nil, err
	}
	if err := checkSteps(prepared, e.opts.MaxSamples); err != nil {
		prepared.Close()
		return nil, err
	}
	settle := func(ctx context.Context) error { return e.settle(ctx, prepared, r) }
	return &guarded{Query: q, settle: settle, timeout: e.opts.Timeout, samples: e.opts.MaxSamples, ended: make(chan struct{})}, nil
}

// queryable returns the storage that a query reads.
func (e *Engine) queryable(archives storage.Queryable) storage.Queryable {
	if e.view == nil {
		return archives
	}
	return e.view(archives)
}

// Storage returns the storage that the queries of e read, for answers that need no
// engine.
func (e *Engine) Storage() storage.Queryable { return e.queryable(e.storage) }

func (e *Engine) queryOpts() promql.QueryOpts {
	return promql.NewPrometheusQueryOpts(e.stepStats, e.opts.Lookback)
}

// RecordingInterval estimates the time between two records of a host from the first
// records of the archive that begins last: the longest such time apart from one pause. If
// that has only one record, an archive before it tells. RecordingInterval returns zero if
// there is only one record in each.
func RecordingInterval(set *store.Set) time.Duration {
	left := 3 // archives to look at
	for _, a := range slices.Backward(set.Archives()) {
		r := set.Reader(a.Base)
		if r == nil {
			continue
		}
		interval := intervalIn(r, set.Stopped)
		if left--; interval > 0 || left == 0 {
			return interval
		}
	}
	return 0
}

// intervalIn estimates the time between two records from the first records of an archive. The
// error of stop ends that.
func intervalIn(r *archive.Reader, stop func() error) time.Duration {
	const enough = 20
	var longest, second time.Duration
	var last pcp.Timestamp
	n, gaps := 0, 0
	for step, err := range r.Steps(history.Query{Metrics: func(*meta.Desc) bool { return false }, All: true, Stop: stop}) {
		if err != nil || n == enough {
			break
		}
		if n > 0 && !step.Mark {
			gap := step.Stamp.Sub(last)
			longest, second = max(longest, gap), max(second, min(longest, gap))
			gaps++
		}
		last = step.Stamp
		n++
	}
	if gaps > 1 {
		return second
	}
	return longest
}
