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

// Options select the values to summarise. The zero value selects everything.
type Options struct {
	// From and To bound the window. Both are inclusive; zero means no limit.
	From, To pcp.Timestamp
	// Metrics returns true for the metrics to summarise. It is called for numeric
	// metrics only. Nil means all of them.
	Metrics func(*meta.Desc) bool
	// Names returns true for the names to list if a metric has several names. The
	// summary lists the metric under each of them. Nil means all names.
	Names func(name string) bool
	// Instances returns true for the instances to summarise. It is called once for each
	// series, with InstNull for a singular metric. Nil means all instances.
	Instances func(meta.Instance) bool
	// Percentiles to compute for every series, each from 0 to 100.
	Percentiles []float64
	// Wrap takes a decrease of an integer counter for an overflow of its 32 or 64 bits,
	// as pmlogsummary does if PCP_COUNTER_WRAP is set. Otherwise it is a reset.
	Wrap bool
}

// Summary is the result of [Of].
type Summary struct {
	// From and To are the times of the first and last record in the window. To is the end
	// of the window if records follow it.
	From, To pcp.Timestamp
	Records  int // number of records in the window, without marks
	Marks    int // number of marks in the window
	// Series by metric name, then in order of appearance.
	Series []*Series
	// Errors by metric name.
	Errors []Error
}

// Error counts an error code that was recorded in place of a metric's values.
type Error struct {
	Metric *history.Metric
	Err    pcp.Errno
	Count  int64
}

// Series holds the statistics of one instance of a metric, or of a singular metric. For a
// counter they are statistics of its rates. If Count is zero, the averages, Min, Max, Sum
// and Percentiles are NaN.
type Series struct {
	// Series is the series of the last value.
	Series *history.Series
	// Target names the exporter if the source has the metric of several; else it is "".
	Target string
	// Units are the units of the statistics: for a counter, of its rates.
	Units pcp.Units

	Values      int64         // number of values recorded
	First, Last pcp.Timestamp // times of the first and last value
	Count       int64         // number of values, or for a counter of rates, in the statistics
	Span        float64       // seconds for which the value was known, without marks and resets
	Coverage    float64       // Span as a share of the window, at most 1

	Min, Max         float64
	MinTime, MaxTime pcp.Timestamp // times of the first minimum and the first maximum
	TimeAverage      float64       // average weighed by the time for which each value held
	Mean             float64       // unweighed average
	StdDev           float64       // standard deviation of the recorded values
	Sum              float64       // sum of the values; for a counter its growth
	Percentiles      []float64     // in the order of Options.Percentiles

	Gaps   int   // number of marks between two values
	Resets int   // number of decreases of a counter that count as resets
	Wraps  int   // number of decreases of a counter that count as overflows
	Bad    int64 // number of values that are NaN or not of the metric's type
}

// IsRate reports whether the statistics are those of a counter's rates.
func (s *Series) IsRate() bool { return s.Series.Metric.Desc.Sem == pcp.SemCounter }

// Of summarises the values in src. If reading fails, it returns a Summary of the values
// read so far and the error. An error that wraps [pcp.ErrUnfinished] means that the last
// record is incomplete, as while a logger writes it. A Set does not fail; it names damage in
// its Problems. When ctx ends, Of returns the context's error and no Summary.
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
		if slices.ContainsFunc(p.order, (*seriesState).nameless) {
			for r := range m.Readers() {
				p.nameInstances(r.Meta())
			}
		}
	}
	return p.finish(), err
}

// nan is the value of statistics without values.
var nan = math.NaN()
