package overview

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

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

// size returns about the number of bytes that the evaluator takes.
func (e *evaluator) size() int64 {
	n := e.track.size()
	for _, s := range e.byLabels {
		n += 500 + 16*int64(cap(s.samples))
	}
	return n
}
