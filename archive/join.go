package archive

import (
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// join returns the step of a result.
func (v *view) join(res *Result, mark bool) *history.Step {
	v.step.Stamp, v.step.Mark, v.step.Metrics = res.Stamp, mark, v.step.Metrics[:0]
	v.points, v.events = v.points[:0], false
	for i := range res.Sets {
		set := &res.Sets[i]
		m := v.found[i]
		if m.metric == nil || res.Stamp.Before(m.since) || !res.Stamp.Before(m.until) {
			v.refresh(m, res.Stamp)
		}
		if holdsEvents(m.metric.Desc) {
			v.events = true
			v.params(m, set.Values, res.Stamp)
		}
		mv := history.MetricValues{Metric: m.metric, Err: set.Err, InDom: m.indom, Labels: m.sets[len(m.sets)-1]}
		start := len(v.points)
		n := len(set.Values)
		v.points = slices.Grow(v.points, n)[:start+n]
		points := v.points[start:]
		known := len(m.last) == n
		// The instance that a record stores for a single value has no meaning without a domain.
		singular := n == 1 && m.metric.Desc.InDom == pcp.InDomNull
		for j := range set.Values {
			points[j].Value = set.Values[j]
			val := &points[j].Value
			if singular {
				val.Inst = pcp.InstNull
			}
			if j < len(m.last) && m.last[j].Inst.ID == val.Inst {
				points[j].Series = m.last[j]
			} else {
				points[j].Series = m.at(j, val.Inst)
				known = false
			}
		}
		if !known {
			m.remember(points)
		}
		mv.Points = points
		v.step.Metrics = append(v.step.Metrics, mv)
	}
	sharePoints(&v.step, v.points) // v.points does not grow any more
	return &v.step
}

// sharePoints distributes points to the metrics of a step.
func sharePoints(s *history.Step, points []history.Point) {
	at := 0
	for i := range s.Metrics {
		mv := &s.Metrics[i]
		end := at + len(mv.Points)
		mv.Points = points[at:end:end]
		at = end
	}
}
