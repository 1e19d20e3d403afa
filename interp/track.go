package interp

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// lacks reports whether the value at t depends on an observation that has not
// been met, though it may yet come.
func (s *track) lacks(e *engine, t pcp.Timestamp) bool {
	switch {
	case len(s.queue) != 1 || s.hasFar || e.done:
		return false
	case !s.queue[0].stamp.Before(t):
		return false // recorded at t, or after: nothing precedes
	case s.queue[0].epoch != len(e.marks):
		return false // a mark follows
	case s.finalKnown == s.queue[0].epoch+1 && !s.final.After(s.queue[0].stamp):
		return false // it is known to be the last
	}
	if s.metric.desc.Sem == pcp.SemDiscrete {
		return !e.o.Earlier && s.metric.desc.Type.IsNumeric()
	}
	return true
}

// scan reads on in a second pass, from where the first stands, until all that is
// missing has been found or a mark or the end is met. In that case it is then
// known when each series ends, so that none needs be looked for in vain again.
func (e *engine) scan() {
	left := len(e.missing)
	wanted := make(map[*track]bool, left)
	for _, s := range e.missing {
		wanted[s] = true
	}
	final := map[*track]pcp.Timestamp{}
	for step, err := range e.src.Steps(history.Query{From: e.read, Metrics: e.o.Metrics}) {
		if err != nil {
			break // the first pass will meet it
		}
		if !step.Stamp.After(e.read) {
			continue
		}
		if step.Mark {
			break
		}
		for i := range step.Metrics {
			mv := &step.Metrics[i]
			m := e.metric(mv)
			for j := range mv.Points {
				s := m.track(mv.Points[j].Value.Inst)
				final[s] = step.Stamp
				if wanted[s] {
					s.setFar(step.Stamp, len(e.marks), &mv.Points[j])
					delete(wanted, s)
				}
			}
		}
		if len(wanted) == 0 {
			return
		}
	}
	for _, m := range e.order {
		for _, s := range m.order {
			s.final, s.finalKnown = final[s], len(e.marks)+1
			if n := len(s.queue); n > 0 && s.final.IsZero() {
				s.final = s.queue[n-1].stamp
			}
		}
	}
}

func (s *track) setFar(t pcp.Timestamp, epoch int, p *history.Point) {
	v := p.Value
	if w, ok := Coerce(v, s.metric.desc.Type); ok {
		v = w
	}
	v.Data = append([]byte(nil), v.Data...)
	s.far, s.hasFar = observation{t, epoch, p.Series, v}, true
}

// around returns the observations before or at t and after it; nil where there
// is none or a mark hides it.
func (s *track) around(e *engine, t pcp.Timestamp) (prior, next *observation) {
	if len(s.queue) == 0 || s.queue[0].stamp.After(t) {
		return nil, nil // what follows is of no use alone
	}
	prior = &s.queue[0]
	marked := prior.epoch < len(e.marks)
	if marked && !e.marks[prior.epoch].After(t) && prior.stamp.Before(t) {
		return nil, nil
	}
	switch {
	case len(s.queue) > 1:
		next = &s.queue[1]
	case s.hasFar:
		next = &s.far
	}
	if next != nil && next.epoch != prior.epoch {
		next = nil
	}
	return prior, next
}

// valueAt returns the value at t.
func (s *track) valueAt(e *engine, t pcp.Timestamp) (history.Point, bool) {
	prior, next := s.around(e, t)
	d := s.metric.desc
	if prior == nil || d.Sem == pcp.SemCounter && !d.Type.IsNumeric() {
		return history.Point{}, false
	}
	point := history.Point{Series: prior.series, Value: prior.value}
	if prior.stamp == t {
		return point, true
	}
	if next == nil {
		return point, d.Sem == pcp.SemDiscrete && (d.InDom == pcp.InDomNull || !e.lives.ended(d.InDom, prior.value.Inst, t))
	}
	if !d.Type.IsNumeric() {
		return point, true
	}
	if d.Sem == pcp.SemCounter {
		v, ok := between(prior, next, t, d.Type, e.o.Wrap)
		point.Value = v
		return point, ok
	}
	if !e.o.Earlier && t.Sub(prior.stamp) > next.stamp.Sub(t) {
		return history.Point{Series: next.series, Value: next.value}, true
	}
	return point, true
}
