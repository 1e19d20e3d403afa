package interp

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// lacks reports whether the value at t depends on a later observation that was not read
// yet.
func (s *track) lacks(e *engine, t pcp.Timestamp) bool {
	switch {
	case len(s.queue) != 1 || s.hasFar || e.done:
		return false
	case !s.queue[0].stamp.Before(t):
		return false // the value was recorded at t, or the first one comes after t
	case s.queue[0].epoch != len(s.metric.run.Marks):
		return false // a mark follows
	case s.finalKnown == s.queue[0].epoch+1 && !s.final.After(s.queue[0].stamp):
		return false // the queue has the last observation
	}
	if s.metric.desc.Sem == pcp.SemDiscrete {
		return !e.o.Earlier && s.metric.desc.Type.IsNumeric()
	}
	return true
}

// scan reads the source a second time, from the current position, until it has found the
// next observation of each missing series, or until a mark or the end. At a mark or the
// end it records the last observation of every series, so that no later scan looks for
// more.
func (e *engine) scan() {
	wanted := make(map[*track]bool, len(e.missing))
	for _, s := range e.missing {
		wanted[s] = true
	}
	ended, all := map[*history.Run]bool{}, true // by a mark; by the end
	final := map[*track]pcp.Timestamp{}
	for step, err := range e.src.Steps(history.Query{From: e.read, Metrics: e.o.Metrics, PMIDs: e.o.PMIDs, PastNames: true, Stop: e.o.Stop}) {
		if err != nil && e.o.Stop != nil {
			if stop := e.o.Stop(); stop != nil {
				e.done, e.err = true, stop
				return
			}
		}
		if err != nil {
			break // the first pass will report it
		}
		if !step.Stamp.After(e.read) {
			continue
		}
		if step.Mark {
			e.endRuns(step, ended, wanted)
			if len(ended) == e.runs.Len() {
				break
			}
		}
		for i := range step.Metrics {
			mv := &step.Metrics[i]
			m := e.metric(mv)
			if ended[m.run] {
				continue
			}
			for j := range mv.Points {
				s := m.track(mv.Points[j].Value.Inst)
				final[s] = step.Stamp
				if wanted[s] {
					s.setFar(step.Stamp, &mv.Points[j])
					delete(wanted, s)
				}
			}
		}
		if len(wanted) == 0 {
			all = false
			break
		}
	}
	for _, m := range e.order {
		if !all && !ended[m.run] {
			continue
		}
		for _, s := range m.order {
			s.final, s.finalKnown = final[s], len(m.run.Marks)+1
			if n := len(s.queue); n > 0 && s.final.IsZero() {
				s.final = s.queue[n-1].stamp
			}
		}
	}
}

// endRuns notes the runs that a mark ends. Nobody wants their series any more.
func (e *engine) endRuns(mark *history.Step, ended map[*history.Run]bool, wanted map[*track]bool) {
	for r := range e.runs.Ended(mark) {
		ended[r] = true
	}
	for s := range wanted {
		if ended[s.metric.run] {
			delete(wanted, s)
		}
	}
}

func (s *track) setFar(t pcp.Timestamp, p *history.Point) {
	v := p.Value
	if w, ok := Coerce(v, s.metric.desc.Type); ok {
		v = w
	}
	v.Data = append([]byte(nil), v.Data...)
	s.far, s.hasFar = observation{t, len(s.metric.run.Marks), p.Series, v}, true
}

// neighbours returns the observation at or before t and the one after t. Either is nil if
// it does not exist or a mark hides it.
func (s *track) neighbours(t pcp.Timestamp) (prior, next *observation) {
	if len(s.queue) == 0 || s.queue[0].stamp.After(t) {
		return nil, nil // a later observation alone gives no value
	}
	prior = &s.queue[0]
	marks := s.metric.run.Marks
	if prior.epoch < len(marks) && !marks[prior.epoch].After(t) && prior.stamp.Before(t) {
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
	prior, next := s.neighbours(t)
	d := s.metric.desc
	if prior == nil || d.Sem == pcp.SemCounter && !d.Type.IsNumeric() {
		return history.Point{}, false
	}
	point := history.Point{Series: prior.series, Value: prior.value}
	if prior.stamp == t {
		return point, true
	}
	if next == nil {
		return point, d.Sem == pcp.SemDiscrete && (d.InDom == pcp.InDomNull || !e.lives.ended(s.metric.run.Target, d.InDom, prior.value.Inst, t))
	}
	if !d.Type.IsNumeric() {
		return point, true
	}
	if d.Sem == pcp.SemCounter {
		v, ok := between(prior, next, t, d.Type, &e.o)
		point.Value = v
		return point, ok
	}
	if !e.o.Earlier && t.Sub(prior.stamp) > next.stamp.Sub(t) {
		return history.Point{Series: next.series, Value: next.value}, true
	}
	return point, true
}
