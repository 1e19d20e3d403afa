// Package timeshift moves the times of a Prometheus storage, so that a recording looks
// as if it were made now.
//
// A [Move] says how far. [Queryable] and [Exemplars] apply it on both sides: they move
// the times of a selection back, and those of samples, start times and exemplars
// forward. A query over them therefore evaluates at the times that its client names,
// with @, start(), end(), time() and timestamp() in these times. Values do not change: a
// value that is itself a time, such as process_start_time_seconds, keeps the time of
// the recording.
//
// A [Clock] gives the Move of each moment: a constant one, or that of a replay.
package timeshift

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Move says how times change. Times are in milliseconds.
type Move struct {
	// By is added to the times of the recording.
	By int64
	// Until is the last time of the recording that is visible; [Always] shows all.
	Until int64
}

// Always is the Until of a Move that hides nothing.
const Always = math.MaxInt64

// None is the Move that changes nothing.
var None = Move{Until: Always}

// Back returns the time of the recording for a time of a client.
func (m Move) Back(t int64) int64 { return add(t, -m.By) }

// Forth returns the time of a client for a time of the recording.
func (m Move) Forth(t int64) int64 { return add(t, m.By) }

// add adds two numbers within the range of int64: clients say "from the beginning" by
// the smallest number.
func add(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// Queryable returns a storage with the samples of inner at moved times.
func Queryable(inner storage.Queryable, m Move) storage.Queryable {
	if m == None {
		return inner
	}
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		q := &querier{move: m, inner: inner, mint: m.Back(mint), maxt: m.Back(maxt)}
		var err error
		q.samples, err = inner.Querier(q.mint, q.maxt)
		return q, err
	})
}

// querier answers from samples, whose times it moves.
type querier struct {
	move       Move
	inner      storage.Queryable
	mint, maxt int64 // of the recording
	// samples reads up to maxt, although samples after move.Until are hidden: a storage
	// may rely on the times of a selection being those that the engine asked for.
	samples storage.Querier
	names   storage.Querier // reads up to move.Until, nil until it is needed
}

// listing returns a querier of the series that are visible.
func (q *querier) listing() (storage.Querier, error) {
	if q.move.Until >= q.maxt {
		return q.samples, nil
	}
	if q.names == nil {
		var err error
		if q.names, err = q.inner.Querier(min(q.mint, q.move.Until), q.move.Until); err != nil {
			return nil, err
		}
	}
	return q.names, nil
}

// labelsOnly is the Func of a selection that reads only labels.
const labelsOnly = "series"

// Select selects series of the times that the hints, moved back, name.
func (q *querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	source := q.samples
	if hints != nil {
		moved := *hints
		moved.Start, moved.End = q.move.Back(hints.Start), q.move.Back(hints.End)
		if hints.Func == labelsOnly {
			var err error
			if source, err = q.listing(); err != nil {
				return storage.ErrSeriesSet(err)
			}
			moved.End = min(moved.End, q.move.Until)
		}
		hints = &moved
	}
	return seriesSet{source.Select(ctx, sorted, hints, matchers...), q.move}
}

// LabelValues returns the values of a label that visible series have.
func (q *querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	source, err := q.listing()
	if err != nil {
		return nil, nil, err
	}
	return source.LabelValues(ctx, name, hints, matchers...)
}

// LabelNames returns the names of the labels that visible series have.
func (q *querier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	source, err := q.listing()
	if err != nil {
		return nil, nil, err
	}
	return source.LabelNames(ctx, hints, matchers...)
}

// Close closes the queriers below.
func (q *querier) Close() error {
	err := q.samples.Close()
	if q.names != nil {
		if other := q.names.Close(); err == nil {
			err = other
		}
	}
	return err
}

// Exemplars returns a storage with the exemplars of inner at moved times.
func Exemplars(inner storage.ExemplarQueryable, m Move) storage.ExemplarQueryable {
	if m == None {
		return inner
	}
	return exemplars{inner, m}
}

type exemplars struct {
	inner storage.ExemplarQueryable
	move  Move
}

// ExemplarQuerier returns a querier of exemplars.
func (e exemplars) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	q, err := e.inner.ExemplarQuerier(ctx)
	return exemplarQuerier{q, e.move}, err
}

type exemplarQuerier struct {
	inner storage.ExemplarQuerier
	move  Move
}

// Select returns the exemplars between two times.
func (q exemplarQuerier) Select(start, end int64, matchers ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	found, err := q.inner.Select(q.move.Back(start), min(q.move.Back(end), q.move.Until), matchers...)
	moved := make([]exemplar.QueryResult, len(found))
	for i, r := range found {
		all := make([]exemplar.Exemplar, len(r.Exemplars))
		for j, x := range r.Exemplars {
			x.Ts = q.move.Forth(x.Ts)
			all[j] = x
		}
		moved[i] = exemplar.QueryResult{SeriesLabels: r.SeriesLabels, Exemplars: all}
	}
	return moved, err
}
