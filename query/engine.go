package query

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/archive"
)

// Options bound a query. The zero value is the default.
type Options struct {
	// Lookback is how old the last sample of a series may be; 0: five minutes,
	// or two and a half recording intervals if that is longer.
	Lookback time.Duration
	// MaxSamples bounds the samples that the engine holds; 0: 50 million.
	MaxSamples int
	// Timeout ends a query; 0: two minutes.
	Timeout time.Duration
}

const (
	defaultLookback   = 5 * time.Minute
	defaultMaxSamples = 50_000_000
	defaultTimeout    = 2 * time.Minute
)

// Engine evaluates PromQL over one archive. It may be used from several
// goroutines.
type Engine struct {
	engine  *promql.Engine
	storage *Storage
	opts    Options
}

// NewEngine returns an Engine over r.
func NewEngine(r *archive.Reader, o Options) *Engine {
	if o.Lookback == 0 {
		o.Lookback = max(defaultLookback, recordingInterval(r)*5/2)
	}
	if o.MaxSamples == 0 {
		o.MaxSamples = defaultMaxSamples
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: o.MaxSamples, Timeout: o.Timeout,
		LookbackDelta: o.Lookback, EnableAtModifier: true, EnableNegativeOffset: true,
		Parser: parser.NewParser(parser.Options{}),
	})
	return &Engine{engine: engine, storage: &Storage{r: r, lookback: o.Lookback}, opts: o}
}

// Instant evaluates an expression at one time. Close the query when its result
// has been used.
func (e *Engine) Instant(ctx context.Context, expr string, at time.Time) (promql.Query, error) {
	return e.engine.NewInstantQuery(ctx, e.storage, promql.NewPrometheusQueryOpts(false, e.opts.Lookback), expr, at)
}

// Range evaluates an expression from start to end at every step.
func (e *Engine) Range(ctx context.Context, expr string, start, end time.Time, step time.Duration) (promql.Query, error) {
	return e.engine.NewRangeQuery(ctx, e.storage, promql.NewPrometheusQueryOpts(false, e.opts.Lookback), expr, start, end, step)
}

// recordingInterval estimates how far apart the records of an archive are, from
// its first few; 0 if it has only one.
func recordingInterval(r *archive.Reader) time.Duration {
	const enough = 20
	var longest time.Duration
	var n int
	var last *archive.Step
	for step, err := range r.Steps(archive.Query{}) {
		if err != nil || n == enough {
			break
		}
		if last != nil && !step.Mark {
			longest = max(longest, step.Stamp.Sub(last.Stamp))
		}
		last = &archive.Step{Stamp: step.Stamp}
		n++
	}
	return longest
}
