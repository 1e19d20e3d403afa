package interp

import (
	"errors"
	"fmt"
	"iter"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Source yields steps, as [archive.Reader] does. Several calls of Steps must yield the same
// steps.
type Source interface {
	Steps(q history.Query) iter.Seq2[*history.Step, error]
}

// Options configure [At]. The zero value is the default.
type Options struct {
	// Metrics returns true for the metrics to yield. Nil means all metrics.
	Metrics func(*meta.Desc) bool
	// PMIDs, unless nil, are the only metrics of which Metrics may select some. Records
	// without them are passed over quickly.
	PMIDs []pcp.PMID
	// Earlier gives instant and discrete metrics the value of the earlier
	// observation, even if the later one is nearer: the rule before PCP 6.3.2.
	Earlier bool
	// Wrap takes a decrease of an integer counter for an overflow of its 32 or 64 bits.
	// Otherwise the line between the two values slopes down.
	Wrap bool
	// Overflow takes a decrease of a 32-bit integer counter for an overflow if it is by more
	// than half of the range. Other decreases are resets.
	Overflow bool
	// Marks also yields marks, each before the first step at or after it.
	Marks bool
	// Stop, unless nil, ends the steps with its error; see [history.Query].
	Stop func() error
}

// ErrOrder reports that a time is earlier than the time before it.
var ErrOrder = errors.New("times must ascend")

// At yields a step for each time, with the values of all series at that time. It omits
// metrics without a value, so a step may be empty. The times must ascend.
//
// At reuses each Step. Its values are valid until the next step; callers may keep Metric
// and Series pointers. A failure ends the sequence: At yields it once, with a nil Step. An
// error that wraps [pcp.ErrUnfinished] comes after all steps that the records allow.
//
// At reads the source forward once, slightly ahead of the time. It begins at the first
// record, because a discrete value there may still hold. For a series whose next value is
// far ahead, it reads the source a second time from the current position. Memory holds a
// few observations of each series.
func At(src Source, times iter.Seq[pcp.Timestamp], o Options) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		e := newEngine(src, o)
		defer e.stop()
		var last pcp.Timestamp
		asked := false
		for t := range times {
			if asked && t.Before(last) {
				yield(nil, fmt.Errorf("interpolation at %s after %s: %w", t, last, ErrOrder))
				return
			}
			asked, last = true, t
			if !e.at(t, yield) {
				return
			}
		}
		if errors.Is(e.err, pcp.ErrUnfinished) {
			yield(nil, e.err)
		}
	}
}

// at yields the step of one time. It returns false if the sequence ends.
func (e *engine) at(t pcp.Timestamp, yield func(*history.Step, error) bool) bool {
	e.seek(t)
	if e.err != nil && !errors.Is(e.err, pcp.ErrUnfinished) {
		yield(nil, e.err)
		return false
	}
	for e.o.Marks && e.yielded < len(e.marks) && !e.marks[e.yielded].Stamp.After(t) {
		e.yielded++
		if !yield(&e.marks[e.yielded-1], nil) {
			return false
		}
	}
	return yield(e.valuesAt(t), nil)
}

// valuesAt returns the step of time t from the observations around t.
func (e *engine) valuesAt(t pcp.Timestamp) *history.Step {
	e.step.Stamp, e.step.Metrics = t, e.step.Metrics[:0]
	e.points = e.points[:0]
	if e.done && t.After(e.read) {
		return &e.step // after the end
	}
	for _, m := range e.order {
		start := len(e.points)
		for _, s := range m.order {
			if p, ok := s.valueAt(e, t); ok {
				e.points = append(e.points, p)
			}
		}
		if n := len(e.points); n > start {
			e.step.Metrics = append(e.step.Metrics, history.MetricValues{
				Metric: e.points[start].Series.Metric, InDom: m.indom, Labels: m.labels, Points: e.points[start:n:n],
			})
		}
	}
	return &e.step
}
