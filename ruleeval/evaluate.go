package ruleeval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/pcparchive/pcparchive/query"
)

// Options change an evaluation.
type Options struct {
	// Interval is that of groups without one. Zero means one minute.
	Interval time.Duration
	// ExternalLabels are those that templates see.
	ExternalLabels map[string]string
	// MaxSamples limits the samples that recording rules make. Zero means
	// [query.DefaultMaxSamples].
	MaxSamples int
}

// Result holds the results of rules over a span of time.
type Result struct {
	Start, End time.Time
	Groups     []*GroupResult // in the order of the files
	recorded   *recorded
}

// GroupResult has the results of a group's rules.
type GroupResult struct {
	*Group
	Rules []*RuleResult
	// Interval is the group's, or the default.
	Interval time.Duration
	// Last is the time of the last evaluation; zero if there was none.
	Last time.Time
}

// RuleResult has the result of a rule.
type RuleResult struct {
	*Rule
	// Err is why the rule could not be evaluated, at all times or at some.
	Err error
	// Alerts are those that fired, and those that are pending at the end, by time.
	Alerts []*Alert
	// Took is the time that the evaluation took.
	Took time.Duration
}

// State returns the state of an alerting rule at the end of the evaluation: firing,
// pending or inactive. It returns "" for a recording rule.
func (r *RuleResult) State() string {
	if !r.Alerting {
		return ""
	}
	state := inactive
	for _, a := range r.Alerts {
		switch a.State() {
		case firing:
			return firing
		case pending:
			state = pending
		}
	}
	return state
}

// chunk is the number of times that a range query evaluates.
const chunk = 5_000

// Evaluate evaluates the rules from start to end. A rule that fails has its error in the
// result; the error of Evaluate is that of ctx.
func (r *Rules) Evaluate(ctx context.Context, e *query.Engine, start, end time.Time, o Options) (*Result, error) {
	o.Interval = cmp.Or(o.Interval, time.Minute)
	res := &Result{Start: start, End: end, recorded: newRecorded(cmp.Or(o.MaxSamples, query.DefaultMaxSamples))}
	byGroup := map[*Group]*GroupResult{}
	ev := &evaluation{Options: o, engine: e.Extended(res.recorded.beside), recorded: res.recorded}
	for _, g := range r.ordered() {
		gr := &GroupResult{Group: g, Interval: cmp.Or(g.Interval, o.Interval)}
		byGroup[g] = gr
		first, last := times(start, end, gr.Interval)
		if !last.Before(first) {
			gr.Last = last
		}
		for _, rule := range g.Rules {
			rr := &RuleResult{Rule: rule}
			gr.Rules = append(gr.Rules, rr)
			began := time.Now()
			ev.run(ctx, gr, rr, first, last)
			rr.Took = time.Since(began)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
	}
	for _, g := range r.groups {
		res.Groups = append(res.Groups, byGroup[g])
	}
	return res, nil
}

// times returns the first and the last multiple of an interval within a span.
func times(start, end time.Time, interval time.Duration) (first, last time.Time) {
	ms := max(interval.Milliseconds(), 1)
	floor := func(t int64) int64 { return t - (t%ms+ms)%ms }
	return time.UnixMilli(floor(start.UnixMilli() + ms - 1)).UTC(), time.UnixMilli(floor(end.UnixMilli())).UTC()
}

// evaluation is an evaluation that runs.
type evaluation struct {
	Options
	engine   *query.Engine
	recorded *recorded
}

// run evaluates a rule at all times, some thousand at once.
func (ev *evaluation) run(ctx context.Context, g *GroupResult, rule *RuleResult, first, last time.Time) {
	var sink stepSink = &recording{rule: rule, limit: g.Limit, interval: g.Interval.Milliseconds(), into: ev.recorded}
	if rule.Alerting {
		sink = newTracker(ctx, ev, g, rule)
	}
	for from := first; !from.After(last); from = from.Add(chunk * g.Interval) {
		to := from.Add((chunk - 1) * g.Interval)
		if to.After(last) {
			to = last
		}
		if err := ev.part(ctx, rule, sink, from, to, g.Interval); err != nil {
			rule.Err = fmt.Errorf("%s: %w", rule.Name, err)
			break
		}
	}
	sink.finish()
}

// stepSink takes the results of a rule, time by time.
type stepSink interface {
	// step takes the samples of one time.
	step(t int64, samples []promql.Sample) error
	// finish ends the evaluation.
	finish()
}

// part evaluates a rule over a part of the time.
func (ev *evaluation) part(ctx context.Context, rule *RuleResult, sink stepSink, from, to time.Time, interval time.Duration) error {
	q, err := ev.engine.Range(ctx, rule.Query, from, to, interval)
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
	steps := newStepper(matrix)
	for t := from.UnixMilli(); t <= to.UnixMilli(); t += interval.Milliseconds() {
		if err := sink.step(t, steps.at(t)); err != nil {
			return err
		}
	}
	return nil
}

// stepper turns a matrix into the vectors of ascending times.
type stepper struct {
	matrix           promql.Matrix
	float, histogram []int // the next point of each series
	vector           []promql.Sample
}

func newStepper(m promql.Matrix) *stepper {
	return &stepper{matrix: m, float: make([]int, len(m)), histogram: make([]int, len(m))}
}

// at returns the samples of a time, until the next call.
func (s *stepper) at(t int64) []promql.Sample {
	s.vector = s.vector[:0]
	for i := range s.matrix {
		series := &s.matrix[i]
		if n := s.float[i]; n < len(series.Floats) && series.Floats[n].T == t {
			s.vector = append(s.vector, promql.Sample{Metric: series.Metric, T: t, F: series.Floats[n].F})
			s.float[i]++
		}
		if n := s.histogram[i]; n < len(series.Histograms) && series.Histograms[n].T == t {
			s.vector = append(s.vector, promql.Sample{Metric: series.Metric, T: t, H: series.Histograms[n].H})
			s.histogram[i]++
		}
	}
	return s.vector
}

// errDuplicate says that the labels of a rule make series equal.
var errDuplicate = errors.New("vector contains metrics with the same labelset after applying rule labels")

// recording takes the results of a recording rule.
type recording struct {
	rule     *RuleResult
	limit    int
	interval int64 // ms
	into     *recorded
	renamed  map[string]*recordedSeries // by the labels of the expression's series
	key      []byte
}

// step records the samples of a time.
func (r *recording) step(t int64, samples []promql.Sample) error {
	if r.limit > 0 && len(samples) > r.limit {
		r.rule.Err = fmt.Errorf("%s: exceeded limit of %d with %d series", r.rule.Name, r.limit, len(samples))
		return nil
	}
	for i := range samples {
		s := r.series(samples[i].Metric)
		if s.any && t <= s.last {
			return errDuplicate // of this rule or of an earlier one
		}
		if err := r.into.add(s, t, r.interval, samples[i].F, samples[i].H); err != nil {
			return err
		}
	}
	return nil
}

// series returns the recorded series of a series of the expression.
func (r *recording) series(from labels.Labels) *recordedSeries {
	r.key = from.Bytes(r.key)
	if s := r.renamed[string(r.key)]; s != nil {
		return s
	}
	b := labels.NewBuilder(from).Set(model.MetricNameLabel, r.rule.Name)
	r.rule.Labels.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
	s := r.into.series(b.Labels())
	if r.renamed == nil {
		r.renamed = map[string]*recordedSeries{}
	}
	r.renamed[string(r.key)] = s
	return s
}

// finish does nothing.
func (*recording) finish() {}
