package summary

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// pass reads a source once.
type pass struct {
	o       Options
	sum     Summary
	metrics map[pcp.PMID]*metricState
	order   []*seriesState // in order of appearance
	runs    history.Runs
	scratch []centroid   // working memory of all digests
	at      *metricState // the metric found last
	shapes  map[*history.Shape]*layout
	here    layout // the layout of a step without a shape
	// from, to and sec cache since: most series of a record have their previous value
	// from the same time.
	from, to pcp.Timestamp
	sec      float64 // seconds between from and to
}

// metricState is the state of one metric in a pass.
type metricState struct {
	desc   *meta.Desc
	run    *history.Run
	units  pcp.Units
	scale  float64 // number of a rate's time units in a second
	series map[pcp.InstID]*seriesState
	last   []*seriesState // the series of the previous record, by position
	errors map[pcp.Errno]*Error
	failed *Error       // the error that occurred last
	other  *metricState // another description of the same PMID; may be nil
	next   *metricState // the metric that followed in the last record
}

// layout maps the metrics and points of steps of one shape to their states.
type layout struct {
	metrics []*metricState // nil for a metric that is not numeric
	states  []*seriesState // nil for a series that is not selected
}

// maxShapes is the largest number of shapes that are kept. Old shapes do not return.
const maxShapes = 64

func newPass(o Options) *pass {
	return &pass{o: o, metrics: map[pcp.PMID]*metricState{}, shapes: map[*history.Shape]*layout{}}
}

func (p *pass) run(ctx context.Context, src Source) error {
	// All yields the steps without a selected metric too: they show where the window ends.
	q := history.Query{From: p.o.From, Metrics: p.wanted, All: true, PastNames: true, Stop: ctx.Err}
	for step, err := range src.Steps(q) {
		if err != nil {
			return err
		}
		if !p.o.To.IsZero() && step.Stamp.After(p.o.To) {
			p.sum.To = p.o.To // a later record exists, so the values held until the end
			return nil
		}
		p.step(step)
	}
	return ctx.Err()
}

func (p *pass) wanted(d *meta.Desc) bool {
	return d.Type.IsNumeric() && (p.o.Metrics == nil || p.o.Metrics(d))
}

func (p *pass) step(step *history.Step) {
	if p.sum.Records+p.sum.Marks == 0 {
		p.sum.From, p.sum.To = step.Stamp, step.Stamp
	}
	if step.Stamp.After(p.sum.To) {
		p.sum.To = step.Stamp
	}
	if step.Mark {
		p.sum.Marks++
		p.runs.Mark(step)
		return
	}
	p.sum.Records++
	where := p.shapes[step.Shape]
	if where == nil {
		where = p.layoutOf(step)
	}
	n := 0
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if m := where.metrics[i]; mv.Err < 0 && m != nil {
			m.fail(mv)
		}
		states := where.states[n : n+len(mv.Points)]
		n += len(mv.Points)
		for j, s := range states {
			if s == nil {
				continue
			}
			pt := &mv.Points[j]
			if s.series != pt.Series {
				s.series = pt.Series
			}
			s.add(p, step.Stamp, &pt.Value)
		}
	}
}

// layoutOf returns the layout of a step. It is valid for every step of the same shape, or
// for this step alone if it has no shape.
func (p *pass) layoutOf(step *history.Step) *layout {
	where := &p.here
	if step.Shape != nil {
		if len(p.shapes) == maxShapes {
			clear(p.shapes)
		}
		where = &layout{}
		p.shapes[step.Shape] = where
	}
	where.metrics, where.states = where.metrics[:0], where.states[:0]
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if !mv.Metric.Desc.Type.IsNumeric() { // sources may ignore the query
			where.metrics = append(where.metrics, nil)
			where.states = append(where.states, make([]*seriesState, len(mv.Points))...)
			continue
		}
		m := p.metric(mv.Metric)
		where.metrics = append(where.metrics, m)
		for j := range mv.Points {
			pt := &mv.Points[j]
			where.states = append(where.states, p.state(m, j, pt.Value.Inst, pt.Series))
		}
	}
	return where
}

// since returns the seconds from one time to a later one.
func (p *pass) since(from, to pcp.Timestamp) float64 {
	if from != p.from || to != p.to {
		p.from, p.to, p.sec = from, to, to.Sub(from).Seconds()
	}
	return p.sec
}

// metric returns the state of a metric. It tries first the metric that followed the current
// one in the last record.
func (p *pass) metric(of *history.Metric) *metricState {
	if p.at != nil && p.at.next != nil && p.at.next.desc == of.Desc && p.at.next.run.Target == of.Target {
		p.at = p.at.next
		return p.at
	}
	m := p.lookUp(of)
	if p.at != nil {
		p.at.next = m
	}
	p.at = m
	return m
}

// fail counts an error.
func (m *metricState) fail(mv *history.MetricValues) {
	if m.failed != nil && m.failed.Err == mv.Err {
		m.failed.Count++
		return
	}
	e := m.errors[mv.Err]
	if e == nil {
		if m.errors == nil {
			m.errors = map[pcp.Errno]*Error{}
		}
		e = &Error{Metric: mv.Metric, Err: mv.Err}
		m.errors[mv.Err] = e
	}
	m.failed = e
	e.Count++
}

// state returns the series of the value at position j of a metric, or nil if it is not
// selected. Successive records mostly have the same series at a position.
func (p *pass) state(m *metricState, j int, inst pcp.InstID, series *history.Series) *seriesState {
	var s *seriesState
	if j < len(m.last) && m.last[j].inst == inst {
		s = m.last[j]
	} else {
		s = p.series(m, j, inst, series)
	}
	if s.skip {
		return nil
	}
	return s
}

// series returns the series of an instance and stores it as the last one at position j.
func (p *pass) series(m *metricState, j int, inst pcp.InstID, series *history.Series) *seriesState {
	s, ok := m.series[inst]
	if !ok {
		s = &seriesState{inst: inst, kind: kindOf(m.desc), typ: m.desc.Type, run: m.run, metric: m, scale: m.scale}
		s.skip = p.o.Instances != nil && !p.o.Instances(series.Inst)
		if len(p.o.Percentiles) > 0 {
			s.digest = &digest{}
		}
		m.series[inst] = s
		if !s.skip {
			p.order = append(p.order, s)
		}
	}
	if j < len(m.last) {
		m.last[j] = s
	} else if j == len(m.last) {
		m.last = append(m.last, s)
	}
	return s
}

// finish completes the statistics.
func (p *pass) finish() *Summary {
	window := p.sum.To.Sub(p.sum.From).Seconds()
	names := metricNames{keep: p.o.Names, known: map[*history.Metric][]*history.Metric{}}
	for _, s := range p.order {
		done := s.finish(p, window)
		if p.shared(s.metric) {
			done.Target = s.run.Target.String()
		}
		for _, m := range names.all(done.Series.Metric) {
			named := *done
			if m != done.Series.Metric {
				named.Series = &history.Series{Metric: m, Inst: done.Series.Inst, Labels: done.Series.Labels}
			}
			p.sum.Series = append(p.sum.Series, &named)
		}
	}
	slices.SortStableFunc(p.sum.Series, func(a, b *Series) int { return compareMetrics(a.Series.Metric, b.Series.Metric) })
	for _, first := range p.metrics {
		for m := first; m != nil; m = m.other {
			for _, e := range m.errors {
				for _, named := range names.all(e.Metric) {
					p.sum.Errors = append(p.sum.Errors, Error{Metric: named, Err: e.Err, Count: e.Count})
				}
			}
		}
	}
	slices.SortFunc(p.sum.Errors, func(a, b Error) int {
		return cmp.Or(compareMetrics(a.Metric, b.Metric), cmp.Compare(b.Err, a.Err))
	})
	return &p.sum
}

func compareMetrics(a, b *history.Metric) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Desc.PMID, b.Desc.PMID))
}
