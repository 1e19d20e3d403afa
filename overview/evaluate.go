package overview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// evaluator evaluates all rules over the samples of one archive, which come by ascending
// time. It holds a part of the samples at a time.
type evaluator struct {
	table  *Table
	engine *promql.Engine
	length time.Duration // of the recording, as far as known before it is read
	track  *Track

	byLabels  map[string]*series
	byName    map[string][]*series
	instances map[string]uint16
	intervals map[string]int64 // between samples of a metric, in milliseconds
	cover     coverage
	held      int   // samples in memory
	limit     int   // of held, from which on they are evaluated
	done      int64 // rules are evaluated until here
	any       bool  // a record came
}

// manySamples is the number of samples from which on they are evaluated.
const manySamples = 1 << 20

// newEngine returns the engine of evaluators.
func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: 50_000_000, Timeout: math.MaxInt64, LookbackDelta: time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
	})
}

func newEvaluator(t *Table, engine *promql.Engine, length time.Duration) *evaluator {
	return &evaluator{
		table: t, engine: engine, length: length, limit: manySamples,
		track:    &Track{First: 1, seen: make([]presence, len(t.names)), columns: make([]column, len(t.Rules)+len(t.Beside))},
		byLabels: map[string]*series{}, byName: map[string][]*series{}, instances: map[string]uint16{}, intervals: map[string]int64{},
	}
}

// record notes the time of a record, before its samples. It evaluates the samples so
// far if there are many.
func (e *evaluator) record(ctx context.Context, t int64, mark bool) error {
	if mark {
		if err := e.cut(ctx, t); err != nil {
			return err
		}
	} else if e.held >= e.limit {
		if err := e.evaluate(ctx, false); err != nil {
			return err
		}
		if e.limit = manySamples; e.held > e.limit/2 {
			e.limit = 2 * e.held // a slow metric reaches far back
		}
	}
	if !e.any {
		e.any = true
		e.track.First, e.track.Last, e.done = t, t, t-1
	}
	e.track.Last = max(e.track.Last, t)
	e.cover.add(t, mark)
	return nil
}

// cut ends all values at a mark.
func (e *evaluator) cut(ctx context.Context, t int64) error {
	if err := e.evaluate(ctx, true); err != nil {
		return err
	}
	for _, s := range e.byLabels {
		s.samples = s.samples[:0]
	}
	e.held, e.done = 0, t
	if len(e.track.Marks) < maxSpans {
		e.track.Marks = append(e.track.Marks, t)
	}
	return nil
}

// seriesOf returns the series with a name and labels.
func (e *evaluator) seriesOf(name string, sem pcp.Semantics, all []prom.Label) *series {
	key := name + "\xff" + prom.LabelsKey(all)
	s := e.byLabels[key]
	if s != nil {
		return s
	}
	s = newSeries(name, sem, all)
	e.byLabels[key] = s
	e.byName[name] = append(e.byName[name], s)
	if i, ok := e.table.needs[name]; ok {
		e.track.seen[i] = singular
		if slices.ContainsFunc(e.table.instances[name], s.labels.Has) {
			e.track.seen[i] = plural
		}
	}
	e.track.identify(s.labels, len(e.byLabels) == 1)
	return s
}

// sample adds a sample of the record noted last.
func (e *evaluator) sample(s *series, t int64, v float64) {
	if s.add(t, v) {
		e.held++
	}
}

// finish evaluates what is left and returns the track. The evaluator may go on with later
// records; the track stays as it is.
func (e *evaluator) finish(ctx context.Context) (*Track, error) {
	if err := e.evaluate(ctx, true); err != nil {
		return nil, err
	}
	e.prune()
	done := e.track.clone()
	if done.Cell == 0 {
		done.Cell = time.Minute.Milliseconds()
	}
	done.Covered = e.cover.spans()
	return done, nil
}

// evaluate evaluates the rules up to the last record. Unless this is the end of a stretch
// of records, it leaves the cell that has begun.
func (e *evaluator) evaluate(ctx context.Context, end bool) error {
	if !e.any {
		return nil
	}
	e.measure()
	to := e.track.Last
	e.settle(to)
	if !end {
		to = floorDiv(to, e.track.Cell) * e.track.Cell
	}
	if to <= e.done {
		return nil
	}
	keep := int64(0)
	for i, r := range e.table.all() {
		reach, err := e.rule(ctx, i, r, e.done, to, end)
		if err != nil {
			return err
		}
		keep = max(keep, reach)
	}
	e.done = to
	for _, s := range e.byLabels {
		e.held -= s.forget(to - keep)
	}
	return nil
}

// prune forgets series without samples, such as those of processes that ended, and the room
// for samples that is not used.
func (e *evaluator) prune() {
	for key, s := range e.byLabels {
		if len(s.samples) == 0 {
			delete(e.byLabels, key)
		}
		if cap(s.samples) > 2*len(s.samples) {
			s.samples = slices.Clone(s.samples)
		}
	}
	for name, all := range e.byName {
		e.byName[name] = slices.DeleteFunc(all, func(s *series) bool { return len(s.samples) == 0 })
	}
}

// measure finds the intervals of the metrics.
func (e *evaluator) measure() {
	for name, all := range e.byName {
		var most *series
		for _, s := range all {
			if s.sem != pcp.SemDiscrete && (most == nil || len(s.samples) > len(most.samples)) {
				most = s
			}
		}
		if most != nil && len(most.samples) > 1 {
			e.intervals[name] = usualGap(most.samples)
		}
	}
}

// usualGap returns the median of the first times between samples.
func usualGap(all []sample) int64 {
	const enough = 64
	var gaps []int64
	for i := 1; i < len(all) && i < enough; i++ {
		gaps = append(gaps, all[i].t-all[i-1].t)
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// settle chooses the length of cells, once, and makes them longer if there would be too
// many up to a time.
func (e *evaluator) settle(to int64) {
	t := e.track
	if t.Cell == 0 {
		fastest := int64(0)
		for _, interval := range e.intervals {
			if fastest == 0 || interval < fastest {
				fastest = interval
			}
		}
		length := max(e.length, time.Duration(to-t.First)*time.Millisecond)
		t.Cell = cellFor(length, time.Duration(fastest)*time.Millisecond).Milliseconds()
		t.Start = floorDiv(t.First, t.Cell) * t.Cell
	}
	for cells := (to-t.Start)/t.Cell + 2; cells > maxCells; cells = (to-t.Start)/t.Cell + 2 {
		t.coarsen(2 * ((cells-1)/maxCells + 1))
	}
}

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

// size returns about the number of bytes that the evaluator takes.
func (e *evaluator) size() int64 {
	n := e.track.size()
	for _, s := range e.byLabels {
		n += 500 + 16*int64(cap(s.samples))
	}
	return n
}
