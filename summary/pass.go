package summary

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// pass is one reading of a source.
type pass struct {
	o       Options
	sum     Summary
	metrics map[pcp.PMID]*metric
	order   []*state
	// marks holds the times of all marks so far. A series notes how many there
	// were at its last value: marks need not visit every series.
	marks   []pcp.Timestamp
	scratch []centroid // of all digests, which are compressed one at a time
	at      *metric    // met last
	shapes  map[*history.Shape]*places
	here    places // of a step without a shape
	// Most series of a record have their previous value from the same time.
	from, to pcp.Timestamp
	sec      float64 // between these
}

// metric is what a pass knows of a metric.
type metric struct {
	desc   *meta.Desc
	units  pcp.Units
	scale  float64 // of seconds into the time unit of a rate
	series map[pcp.InstID]*state
	last   []*state // of the previous record, by position
	errors map[pcp.Errno]*Error
	failed *Error  // the last of them
	other  *metric // of the same identifier
	next   *metric // that followed it in a record, as it will again
}

// places are what the metrics and points of the steps of a shape belong to.
type places struct {
	metrics []*metric // nil: not numeric
	states  []*state  // nil: not wanted
}

// maxShapes bounds how many shapes are remembered. Those that are of the past do
// not come again.
const maxShapes = 64

func newPass(o Options) *pass {
	return &pass{o: o, metrics: map[pcp.PMID]*metric{}, shapes: map[*history.Shape]*places{}}
}

// ctxEvery is how many steps pass between two looks at the context.
const ctxEvery = 256

func (p *pass) run(ctx context.Context, src Source) error {
	// Steps without any of the metrics tell where the window ends.
	q := history.Query{From: p.o.From, Metrics: p.wanted, All: true}
	n := 0
	for step, err := range src.Steps(q) {
		if err != nil {
			return err
		}
		if n++; n%ctxEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !p.o.To.IsZero() && step.Stamp.After(p.o.To) {
			p.sum.To = p.o.To // history goes on, so what holds then is known
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
		p.marks = append(p.marks, step.Stamp)
		return
	}
	p.sum.Records++
	where := p.shapes[step.Shape]
	if where == nil {
		where = p.places(step)
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

// places works out what a step's metrics and points belong to. They are valid
// for the step or, if it has one, for all of its shape.
func (p *pass) places(step *history.Step) *places {
	where := &p.here
	if step.Shape != nil {
		if len(p.shapes) == maxShapes {
			clear(p.shapes)
		}
		where = &places{}
		p.shapes[step.Shape] = where
	}
	where.metrics, where.states = where.metrics[:0], where.states[:0]
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if !mv.Metric.Desc.Type.IsNumeric() { // sources may ignore the query
			where.metrics = append(where.metrics, nil)
			where.states = append(where.states, make([]*state, len(mv.Points))...)
			continue
		}
		m := p.metric(mv.Metric.Desc)
		where.metrics = append(where.metrics, m)
		for j := range mv.Points {
			pt := &mv.Points[j]
			inst := pt.Value.Inst
			if len(mv.Points) == 1 && m.desc.InDom == pcp.InDomNull {
				inst = pcp.InstNull // loggers of 1996 left anything here
			}
			where.states = append(where.states, p.state(m, j, inst, pt.Series))
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

// metric finds a metric: nearly always the one that followed the last one before.
func (p *pass) metric(d *meta.Desc) *metric {
	if p.at != nil && p.at.next != nil && p.at.next.desc == d {
		p.at = p.at.next
		return p.at
	}
	m := p.find(d)
	if p.at != nil {
		p.at.next = m
	}
	p.at = m
	return m
}

// find looks a metric up. Archives of one history may describe it differently:
// those are different metrics.
func (p *pass) find(d *meta.Desc) *metric {
	for m := p.metrics[d.PMID]; m != nil; m = m.other {
		if m.desc == d || m.desc.Conflict(d) == "" {
			m.desc = d
			return m
		}
	}
	m := &metric{desc: d, units: d.Units, scale: 1, series: map[pcp.InstID]*state{}, other: p.metrics[d.PMID]}
	if d.Sem == pcp.SemCounter {
		m.units, m.scale = interp.RateUnits(d.Units)
	}
	p.metrics[d.PMID] = m
	return m
}

// fail counts an error.
func (m *metric) fail(mv *history.MetricValues) {
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

// state finds the series of the value at position j of a metric, nil if it is not
// wanted. Consecutive records have one shape, so the position tells nearly always.
func (p *pass) state(m *metric, j int, inst pcp.InstID, series *history.Series) *state {
	var s *state
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

// series finds the series of a value that is not where it was.
func (p *pass) series(m *metric, j int, inst pcp.InstID, series *history.Series) *state {
	s, ok := m.series[inst]
	if !ok {
		s = &state{inst: inst, kind: kindOf(m.desc), typ: m.desc.Type, metric: m, scale: m.scale}
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
	names := naming{keep: p.o.Names, known: map[*history.Metric][]*history.Metric{}}
	for _, s := range p.order {
		done := s.finish(p, window)
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
