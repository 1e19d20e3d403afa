package summary

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Source yields steps, as [archive.Reader] and [store.Set] do.
type Source interface {
	Steps(q history.Query) iter.Seq2[*history.Step, error]
}

// Options select what is summarised. The zero value is everything.
type Options struct {
	From, To pcp.Timestamp // the window, both inclusive; where zero there is no limit
	// Metrics keeps the metrics it returns true for; nil keeps all. Others than
	// numeric metrics are never asked for.
	Metrics func(*meta.Desc) bool
	// Names keeps the names it returns true for of metrics that have several, which
	// are summarised under each; nil keeps all.
	Names func(name string) bool
	// Instances keeps the instances it returns true for; nil keeps all. It is
	// asked once per series, with InstNull for a singular metric.
	Instances func(meta.Instance) bool
	// Percentiles, each between 0 and 100, are computed for every series.
	Percentiles []float64
	// Wrap takes an integer counter that went down to have run over its 32 or 64
	// bits, as the reference does with PCP_COUNTER_WRAP in its environment.
	// Otherwise it was reset.
	Wrap bool
}

// Summary is what [Of] found.
type Summary struct {
	// From and To are the window as far as there are records in it.
	From, To pcp.Timestamp
	Records  int // in the window, marks not counted
	Marks    int
	// Series by metric name, then in the order in which they were met.
	Series []*Series
	// Errors of metrics that were recorded instead of values, by metric name.
	Errors []Error
}

// Error is an error code that was recorded instead of values of a metric.
type Error struct {
	Metric *history.Metric
	Err    pcp.Errno
	Count  int64
}

// Series is what the values of one instance of a metric, or of a singular one,
// amount to. Of a counter the statistics are those of its rates.
type Series struct {
	// Series is the series as it was last met.
	Series *history.Series
	// Units are those of the statistics: for counters, of their rates.
	Units pcp.Units

	Values      int64         // values recorded
	First, Last pcp.Timestamp // of these
	Count       int64         // values or, of counters, rates that the statistics rest on
	Span        float64       // seconds for which the series was known, marks and resets excluded
	Coverage    float64       // share of the window that these are

	Min, Max         float64 // NaN where Count is 0, like all that follow
	MinTime, MaxTime pcp.Timestamp
	TimeAverage      float64 // each value weighed by the time for which it held
	Mean             float64 // each value weighed alike
	StdDev           float64 // of the values recorded, not an estimate for others
	Sum              float64 // of the values; of counters, how much they grew
	Percentiles      []float64

	Gaps   int // marks that came between two values
	Resets int // times that a counter went down and was not taken to wrap
	Wraps  int
	Bad    int64 // values that are NaN or not of the metric's type
}

// IsRate reports whether the statistics are those of a counter's rates.
func (s *Series) IsRate() bool { return s.Series.Metric.Desc.Sem == pcp.SemCounter }

// Of summarises what src holds. If reading fails, what was read so far is
// summarised and returned with the error, for which [pcp.ErrUnfinished] may be a
// good reason; what a Set met is in its Problems. When ctx ends it returns its
// error and no Summary.
func Of(ctx context.Context, src Source, o Options) (*Summary, error) {
	p := newPass(o)
	err := p.run(ctx, src)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, err
	}
	switch m := src.(type) {
	case interface{ Meta() *meta.Store }:
		p.nameInstances(m.Meta())
	case interface {
		Readers() iter.Seq[*archive.Reader]
	}:
		if slices.ContainsFunc(p.order, (*state).nameless) {
			for r := range m.Readers() {
				p.nameInstances(r.Meta())
			}
		}
	}
	return p.finish(), err
}

// nan stands for statistics of nothing.
var nan = math.NaN()
