package interp

import (
	"errors"
	"fmt"
	"iter"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Source yields steps, as [archive.Reader] does. Steps must be repeatable.
type Source interface {
	Steps(q history.Query) iter.Seq2[*history.Step, error]
}

// Options change what [At] yields. The zero value is the default.
type Options struct {
	// Metrics keeps the metrics it returns true for; nil keeps all.
	Metrics func(*meta.Desc) bool
	// Earlier gives instant and discrete metrics the value of the earlier
	// observation, even if the later one is nearer: the rule before PCP 6.3.2.
	Earlier bool
	// Wrap takes an integer counter that went down to have run over its 32 or 64
	// bits. Otherwise the line between the two values slopes down.
	Wrap bool
	// Marks also yields the marks that lie before or at a time, before its step.
	Marks bool
}

// ErrOrder says that a time was asked for after a later one.
var ErrOrder = errors.New("times must ascend")

// At yields for each time a step with the values that the series have then. A
// metric without any is left out; a step may be empty. Times must ascend. Each
// Step is reused and borrows its values; its Metric and Series pointers may be
// kept. A failure is yielded once, with a nil Step, and ends the sequence; one
// that wraps [pcp.ErrUnfinished] comes after all steps for which what was
// recorded suffices.
//
// The source is read forward once, from its beginning since discrete values may
// stand there, a little ahead of the time. Where a series is recorded so seldom
// that its next value is not met there, the source is read further on a second
// time to find it. A series takes the memory of some observations.
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

// at yields the step of one time. It returns false where the sequence ends.
func (e *engine) at(t pcp.Timestamp, yield func(*history.Step, error) bool) bool {
	e.seek(t)
	if e.err != nil && !errors.Is(e.err, pcp.ErrUnfinished) {
		yield(nil, e.err)
		return false
	}
	for e.o.Marks && e.yielded < len(e.marks) && !e.marks[e.yielded].After(t) {
		e.yielded++
		if !yield(&history.Step{Stamp: e.marks[e.yielded-1], Mark: true}, nil) {
			return false
		}
	}
	return yield(e.build(t), nil)
}

// build makes the step of time t out of what is known around it.
func (e *engine) build(t pcp.Timestamp) *history.Step {
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
