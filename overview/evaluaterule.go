package overview

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// pace says when and how a rule is evaluated, in milliseconds.
type pace struct {
	every    int64 // the step
	window   int64 // of rates
	lookback int64 // of values
}

// paceOf returns the pace of a source. ok is false if a metric that it needs has no values.
func (e *evaluator) paceOf(s *Source) (p pace, ok bool) {
	slowest := int64(0)
	for _, name := range s.Needs {
		if len(e.byName[name]) == 0 {
			return p, false
		}
		slowest = max(slowest, e.intervals[name])
	}
	cell := e.track.Cell
	p.every = cell
	if slowest > 0 && 2*slowest <= cell {
		p.every = cell / 2
	}
	enough := slowest * 5 / 2
	recording := max(e.length.Milliseconds(), e.track.Last-e.track.First)
	p.window = max(enough, min(windowInRules.Milliseconds(), recording/20), 1)
	p.lookback = max(enough, p.every)
	return p, true
}

// manyPoints is the number of values that the engine may make at a time.
const manyPoints = 500_000

// rule evaluates a rule between two times. It returns how far before a time the rule looks
// for samples.
func (e *evaluator) rule(ctx context.Context, n int, r *Rule, from, to int64, end bool) (reach int64, err error) {
	if e.table.source[n] != n {
		return 0, nil
	}
	fit, unfit := false, false
	for _, s := range r.Sources() {
		p, ok := e.paceOf(s)
		if !ok {
			continue
		}
		err := e.between(ctx, n, s, p, from, to, end)
		switch {
		case isOfSamples(err):
			unfit = true
		case err != nil:
			return 0, fmt.Errorf("rule %s: %w", r.Name, err)
		default:
			fit = true
			reach = max(reach, p.window, p.lookback)
		}
	}
	if unfit && !fit {
		e.track.columns[n].unfit = true
	}
	return reach, nil
}

// between evaluates a source of rule n between two times.
func (e *evaluator) between(ctx context.Context, n int, s *Source, p pace, from, to int64, end bool) error {
	e.track.Window = max(e.track.Window, time.Duration(p.window)*time.Millisecond)
	first, last := floorDiv(from, p.every)*p.every+p.every, floorDiv(to, p.every)*p.every
	if end {
		last = ceilTo(to, p.every)
	}
	widest := 1
	for _, name := range s.Needs {
		widest = max(widest, len(e.byName[name]))
	}
	many := max(int64(16), int64(manyPoints/widest))
	for ; first <= last; first += many * p.every {
		at := steps{first, min(last, first+(many-1)*p.every), p.every}
		if err := e.query(ctx, n, s, p, at); err != nil {
			return err
		}
	}
	return nil
}

// isOfSamples reports whether an error of the engine says that the samples do not fit the
// expression: a metric has instances where the rule expects none, as in some old archives.
func isOfSamples(err error) bool {
	return err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) &&
		!errors.As(err, new(promql.ErrQueryCanceled)) && !errors.As(err, new(promql.ErrQueryTimeout)) &&
		!errors.As(err, new(promql.ErrTooManySamples)) && !errors.As(err, new(promql.ErrStorage))
}

// query evaluates a source of rule n at some times.
func (e *evaluator) query(ctx context.Context, n int, s *Source, p pace, at steps) error {
	expr := s.At(time.Duration(p.window) * time.Millisecond)
	opts := promql.NewPrometheusQueryOpts(false, time.Duration(p.lookback)*time.Millisecond)
	q, err := e.engine.NewRangeQuery(ctx, &window{byName: e.byName, at: at}, opts, expr,
		time.UnixMilli(at.first), time.UnixMilli(at.last), time.Duration(at.every)*time.Millisecond)
	if err != nil {
		return err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return res.Err
	}
	matrix, err := res.Matrix()
	if err != nil {
		return err
	}
	for i := range matrix {
		instance := e.instanceOf(s, matrix[i].Metric)
		for _, point := range matrix[i].Floats {
			if !math.IsNaN(point.F) && !math.IsInf(point.F, 0) {
				e.track.put(n, point.T, point.F, instance)
			}
		}
	}
	return nil
}

// instanceOf returns the place of an instance's name in the track.
func (e *evaluator) instanceOf(s *Source, found labels.Labels) uint16 {
	if s.Instance == "" {
		return noInstance
	}
	name := found.Get(s.Instance)
	i, known := e.instances[name]
	if !known {
		if len(e.track.names) >= maxNames {
			return noInstance
		}
		i = uint16(len(e.track.names))
		e.track.names = append(e.track.names, name)
		e.instances[name] = i
	}
	return i
}
