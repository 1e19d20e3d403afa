package interp

import (
	"bytes"
	"iter"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// engine keeps the observations of each series around the current time.
type engine struct {
	src  Source
	o    Options
	next func() (*history.Step, error, bool)
	stop func()
	err  error // the failure that ended reading

	done    bool           // the source has no more steps
	read    pcp.Timestamp  // time of the last step read
	any     bool           // a step was read
	marks   []history.Step // the marks read
	yielded int            // number of marks yielded
	runs    history.Runs

	metrics map[pcp.PMID]*metricTracks
	order   []*metricTracks
	missing []*track      // memory of seek
	target  pcp.Timestamp // the time that seek looks for
	shapes  map[*history.Shape]shaped
	lives   lifetimes

	step   history.Step
	points []history.Point
}

// metricTracks holds the series of a metric.
type metricTracks struct {
	run    *history.Run
	desc   *meta.Desc
	indom  *meta.InDom
	labels *meta.Labels
	tracks map[pcp.InstID]*track
	order  []*track
	other  *metricTracks // of the same number
}

// shaped are the metrics and the series of all steps of one shape, in their order.
type shaped struct {
	metrics []*metricTracks
	tracks  []*track
}

// maxShapes bounds the shapes that the engine keeps.
const maxShapes = 256

// observation is a recorded value of a series.
type observation struct {
	stamp  pcp.Timestamp
	epoch  int // number of the run's marks before the value
	series *history.Series
	value  history.Value
}

// track holds the observations of a series. Once the source was read to the current time,
// queue[0] is the observation at or before that time; later observations follow.
type track struct {
	metric *metricTracks
	queue  []observation
	// far is the observation after the last one of queue, which scan found ahead. It
	// counts only if hasFar is true.
	far    observation
	hasFar bool
	// final is the time of the last observation before the next mark or the end. It
	// counts only if finalKnown equals the epoch of the queue's observations plus one.
	final      pcp.Timestamp
	finalKnown int
}

func newEngine(src Source, o Options) *engine {
	e := &engine{src: src, o: o, metrics: map[pcp.PMID]*metricTracks{}, shapes: map[*history.Shape]shaped{}, lives: lifetimes{src: src}}
	// All finds the source's end even if the last records hold other metrics.
	e.next, e.stop = iter.Pull2(src.Steps(history.Query{Metrics: o.Metrics, PMIDs: o.PMIDs, All: true, PastNames: true, Stop: o.Stop}))
	return e
}

// ahead is the number of records that seek reads beyond the current time. After them it
// scans the source for the series that did not occur.
const ahead = 32

// seek reads the observations around t.
func (e *engine) seek(t pcp.Timestamp) {
	e.target = t
	for !e.done && (!e.any || !e.read.After(t)) {
		e.readStep()
	}
	e.missing = e.missing[:0]
	for _, m := range e.order {
		for _, s := range m.order {
			s.drop(t)
			if s.lacks(e, t) {
				e.missing = append(e.missing, s)
			}
		}
	}
	for range ahead {
		if len(e.missing) == 0 || e.done {
			return
		}
		e.readStep()
		e.forgetFound(t)
	}
	if len(e.missing) > 0 && !e.done {
		e.scan()
	}
}

// forgetFound removes the series from missing that no longer lack an observation.
func (e *engine) forgetFound(t pcp.Timestamp) {
	kept := e.missing[:0]
	for _, s := range e.missing {
		if s.lacks(e, t) {
			kept = append(kept, s)
		}
	}
	e.missing = kept
}

// readStep reads a step.
func (e *engine) readStep() {
	step, err, ok := e.next()
	if !ok || err != nil {
		e.done, e.err = true, err
		return
	}
	if e.any && step.Stamp.Before(e.read) {
		return // the clock went back: like libpcp, skip until time catches up
	}
	e.read, e.any = step.Stamp, true
	if step.Mark {
		e.mark(step)
		return
	}
	known, ok := e.shapes[step.Shape]
	if !ok || step.Shape == nil {
		known = e.shapeOf(step)
	}
	at := 0
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if len(mv.Points) > 0 {
			known.metrics[i].indom, known.metrics[i].labels = mv.InDom, mv.Labels
		}
		for j := range mv.Points {
			known.tracks[at].push(step.Stamp, e.target, &mv.Points[j])
			at++
		}
	}
}

// mark notes a mark.
func (e *engine) mark(step *history.Step) {
	e.marks = append(e.marks, history.Step{Stamp: step.Stamp, Mark: true, Part: step.Part, Target: step.Target})
	e.runs.Mark(step)
}

// shapeOf finds the metrics and the series of a step, and keeps them for steps of its shape.
func (e *engine) shapeOf(step *history.Step) (all shaped) {
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		m := e.metric(mv)
		all.metrics = append(all.metrics, m)
		for j := range mv.Points {
			all.tracks = append(all.tracks, m.track(mv.Points[j].Value.Inst))
		}
	}
	if step.Shape != nil {
		if len(e.shapes) >= maxShapes {
			clear(e.shapes)
		}
		e.shapes[step.Shape] = all
	}
	return all
}

// metric returns the tracks of a metric. Each target has its own metrics. If archives
// describe a metric differently, each description is a metric of its own.
func (e *engine) metric(mv *history.MetricValues) *metricTracks {
	d := mv.Metric.Desc
	for m := e.metrics[d.PMID]; m != nil; m = m.other {
		if m.run.Target == mv.Metric.Target && (m.desc == d || m.desc.Conflict(d) == "") {
			m.desc = d
			return m
		}
	}
	m := &metricTracks{run: e.runs.Of(mv.Metric.Target), desc: d, tracks: map[pcp.InstID]*track{}, other: e.metrics[d.PMID]}
	e.metrics[d.PMID] = m
	e.order = append(e.order, m)
	return m
}

func (m *metricTracks) track(inst pcp.InstID) *track {
	if m.desc.InDom == pcp.InDomNull {
		inst = pcp.InstNull // the stored instance has no meaning
	}
	s, ok := m.tracks[inst]
	if !ok {
		s = &track{metric: m}
		m.tracks[inst] = s
		m.order = append(m.order, s)
	}
	return s
}

// push adds an observation. It copies bytes, unless they equal the last observation's. Up to
// the time until, only the last observation counts.
func (s *track) push(t, until pcp.Timestamp, p *history.Point) {
	v := p.Value
	if v.Data != nil || v.Type != s.metric.desc.Type && v.Type != pcp.TypeUnknown {
		v = s.own(v)
	}
	if !t.After(until) {
		s.queue = s.queue[:0]
	}
	s.queue = append(s.queue, observation{t, len(s.metric.run.Marks), p.Series, v})
	if s.hasFar && !t.Before(s.far.stamp) {
		s.hasFar = false
	}
}

// own returns a value as its metric's type demands, with bytes that it does not share with a
// record.
func (s *track) own(v history.Value) history.Value {
	if w, ok := Coerce(v, s.metric.desc.Type); ok {
		v = w
	}
	if v.Data != nil {
		if n := len(s.queue); n > 0 && bytes.Equal(v.Data, s.queue[n-1].value.Data) {
			v.Data = s.queue[n-1].value.Data
		} else {
			v.Data = append([]byte{}, v.Data...)
		}
	}
	return v
}

// drop removes the observations before the last one at or before t.
func (s *track) drop(t pcp.Timestamp) {
	n := 0
	for n+1 < len(s.queue) && !s.queue[n+1].stamp.After(t) {
		n++
	}
	if n > 0 {
		s.queue = s.queue[:copy(s.queue, s.queue[n:])]
	}
}
