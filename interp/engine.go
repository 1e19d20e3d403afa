package interp

import (
	"bytes"
	"iter"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// engine keeps of each series the observations around the time asked for.
type engine struct {
	src  Source
	o    Options
	next func() (*history.Step, error, bool)
	stop func()
	err  error // that ended reading

	done    bool            // nothing is left to read
	read    pcp.Timestamp   // of the last record read
	any     bool            // whether one was
	marks   []pcp.Timestamp // read so far
	yielded int             // of these

	metrics map[pcp.PMID]*metric
	order   []*metric
	missing []*track // memory of seek
	lives   lifetimes

	step   history.Step
	points []history.Point
}

// metric is what the engine knows of a metric.
type metric struct {
	desc   *meta.Desc
	indom  *meta.InDom
	labels *meta.Labels
	tracks map[pcp.InstID]*track
	order  []*track
	other  *metric // of the same identifier
}

// observation is a value of a series.
type observation struct {
	stamp  pcp.Timestamp
	epoch  int // number of marks before it
	series *history.Series
	value  history.Value
}

// track is a series. queue[0] is the observation before or at the time asked
// for, once that is reached; later ones follow.
type track struct {
	metric *metric
	queue  []observation
	// far is the observation after the last of queue if hasFar: found by reading
	// further.
	far    observation
	hasFar bool
	// final is the time of the last observation before the next mark or the end,
	// if finalKnown, counted in marks plus one, is that of the last of queue.
	final      pcp.Timestamp
	finalKnown int
}

func newEngine(src Source, o Options) *engine {
	e := &engine{src: src, o: o, metrics: map[pcp.PMID]*metric{}, lives: lifetimes{src: src}}
	// All tells where the source ends even if the last records hold other metrics.
	e.next, e.stop = iter.Pull2(src.Steps(history.Query{Metrics: o.Metrics, All: true}))
	return e
}

// ahead is how many records are read beyond the time asked for before those
// series that did not occur are looked for farther on.
const ahead = 32

// seek makes known what is around t.
func (e *engine) seek(t pcp.Timestamp) {
	for !e.done && (!e.any || !e.read.After(t)) {
		e.pull()
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
		e.pull()
		e.forgetFound(t)
	}
	if len(e.missing) > 0 && !e.done {
		e.scan()
	}
}

func (e *engine) forgetFound(t pcp.Timestamp) {
	kept := e.missing[:0]
	for _, s := range e.missing {
		if s.lacks(e, t) {
			kept = append(kept, s)
		}
	}
	e.missing = kept
}

// pull reads a step.
func (e *engine) pull() {
	step, err, ok := e.next()
	if !ok || err != nil {
		e.done, e.err = true, err
		return
	}
	if e.any && step.Stamp.Before(e.read) {
		return // the clock went back: passed over until time catches up, as in the reference
	}
	e.read, e.any = step.Stamp, true
	if step.Mark {
		e.marks = append(e.marks, step.Stamp)
		return
	}
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		m := e.metric(mv)
		if len(mv.Points) > 0 {
			m.indom, m.labels = mv.InDom, mv.Labels
		}
		for j := range mv.Points {
			s := m.track(mv.Points[j].Value.Inst)
			s.push(step.Stamp, len(e.marks), &mv.Points[j])
		}
	}
}

// metric finds a metric. Archives of one history may describe it differently:
// those are different metrics.
func (e *engine) metric(mv *history.MetricValues) *metric {
	d := mv.Metric.Desc
	for m := e.metrics[d.PMID]; m != nil; m = m.other {
		if m.desc == d || m.desc.Conflict(d) == "" {
			m.desc = d
			return m
		}
	}
	m := &metric{desc: d, tracks: map[pcp.InstID]*track{}, other: e.metrics[d.PMID]}
	e.metrics[d.PMID] = m
	e.order = append(e.order, m)
	return m
}

func (m *metric) track(inst pcp.InstID) *track {
	if m.desc.InDom == pcp.InDomNull {
		inst = pcp.InstNull // whatever the record says
	}
	s, ok := m.tracks[inst]
	if !ok {
		s = &track{metric: m}
		m.tracks[inst] = s
		m.order = append(m.order, s)
	}
	return s
}

// push adds an observation. Bytes are copied, unless they repeat.
func (s *track) push(t pcp.Timestamp, epoch int, p *history.Point) {
	v := p.Value
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
	s.queue = append(s.queue, observation{t, epoch, p.Series, v})
	if s.hasFar && !t.Before(s.far.stamp) {
		s.hasFar = false
	}
}

// drop forgets what lies before the last observation up to t.
func (s *track) drop(t pcp.Timestamp) {
	n := 0
	for n+1 < len(s.queue) && !s.queue[n+1].stamp.After(t) {
		n++
	}
	if n > 0 {
		s.queue = s.queue[:copy(s.queue, s.queue[n:])]
	}
}
