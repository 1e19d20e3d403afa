package native

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// restoreLabels makes the archive hold the labels that a metric with a value has.
// Metrics share labels of higher levels, so another metric may have changed them.
// It returns false if a metric of the same record needs other labels there.
func (n *Gatherer) restoreLabels(m *metricState) bool {
	var levels [labelset.MetricLevels]levelKey
	for i, set := range m.metric.Labels {
		level := labelset.Levels[i]
		levels[i] = levelKey{level, history.LabelIdent(level, m.metric.Desc)}
		have := n.levels[levels[i]]
		if have != nil && have.record == n.records && !have.set.Equal(set) && n.records < n.lastRecord {
			return false
		}
	}
	for i, set := range m.metric.Labels {
		have := n.levels[levels[i]]
		if have == nil || !have.set.Equal(set) {
			have = &levelLabels{set: set}
			n.levels[levels[i]] = have
			n.relabelings++
			rewritten := *m.metric // a new pointer makes the sink write the labels again
			m.out = &rewritten
		}
		have.record = n.records
	}
	m.relabelings = n.relabelings
	mapperContext, mapperDomain := n.mapper.Context()
	context, domain := m.metric.Labels[labelset.AtContext], mapperDomain
	if m.metric.Desc.PMID.Domain() == naming.OpenMetricsDomain {
		domain = m.metric.Labels[labelset.AtDomain]
	}
	if !context.Equal(mapperContext) || !domain.Equal(mapperDomain) {
		n.mapper.SetContext(context, domain)
	}
	return true
}

// AppendTo appends the values that were set since Begin to dst. If not all fit one
// record, Pending is true afterwards.
func (n *Gatherer) AppendTo(dst []history.MetricValues) []history.MetricValues {
	for _, m := range n.known {
		if m.tick != n.tick && !m.shown {
			m.tick, m.now = n.tick, m.now[:0]
			n.touched = append(n.touched, m)
		}
	}
	n.known = n.known[:0]
	for _, m := range n.touched {
		m.changed = false
		for _, s := range m.now {
			s.settle()
		}
		if m.indom != nil {
			m.depart(n.tick)
		}
	}
	const maxRecords = 900 // a microsecond apart, within one millisecond
	n.waiting, n.lastRecord = append(n.waiting[:0], n.touched...), n.records+maxRecords
	return n.AppendRecord(dst)
}

// AppendRecord appends the values of one record to dst. If labels that several
// metrics share changed within a millisecond, the values before and after the
// change need records of their own; those for a later record wait.
func (n *Gatherer) AppendRecord(dst []history.MetricValues) []history.MetricValues {
	n.records++
	changed := slices.ContainsFunc(n.waiting, func(m *metricState) bool {
		return m.timely && m.valued == n.tick && m.relabelings != n.relabelings
	})
	left := n.waiting[:0]
	for _, m := range n.waiting {
		if changed && m.timely && m.valued == n.tick && !n.restoreLabels(m) {
			left = append(left, m)
			continue
		}
		mv := history.MetricValues{Metric: m.out}
		m.points = m.points[:0]
		for _, s := range m.now {
			if !s.ended {
				m.points = append(m.points, history.Point{Series: s.series, Value: n.value(s)})
			}
		}
		if len(m.points) == 0 && !m.changed && m.shown {
			continue // the metric had no value before and has none now
		}
		mv.Points = m.points
		if m.indom != nil {
			m.indom.rebuild(n.stamp)
			mv.InDom, mv.Labels = m.indom.indom, m.indom.labels
		}
		if m.live == 0 && m.changed {
			mv.Err = pcp.ErrnoAgain
		}
		m.shown = true
		dst = append(dst, mv)
	}
	n.waiting = left
	return dst
}

// depart takes instances that ended out of the domain. It spares an instance whose
// end the record itself shows: a record of the same logging group, which had the
// instance before, now lacks it. Package flatten reads records so.
func (m *metricState) depart(tick uint64) {
	valued, like := false, false
	for _, s := range m.now {
		if !s.ended {
			valued, like = true, like || s.record == m.record
		}
	}
	for _, s := range m.now {
		if s.ended && m.live > 0 && s.member.tick != tick && (!like || s.record != m.record) {
			m.indom.leave(s.member)
		}
	}
	if !valued {
		return
	}
	m.record++
	for _, s := range m.now {
		if !s.ended {
			s.record = m.record
		}
	}
}

// settle works out the value of a slot in this step, and whether it has one.
func (s *slot) settle() {
	integer := s.metric.metric.Desc.Type <= pcp.TypeU64
	switch {
	case s.ended:
	case s.parts&s.needs != s.needs, s.divided && s.over == 0:
		s.ended = true
	case s.divided:
		s.sum *= s.times / s.over
	default:
		s.sum *= s.times
	}
	if integer && s.sum != s.sum {
		s.ended = true
	}
	if s.live != s.ended {
		return
	}
	s.live, s.metric.changed = !s.ended, true
	d := 1
	if s.ended {
		d = -1
	}
	s.metric.live += d
	if s.member == nil {
		return
	}
	s.metric.indom.countLive(s.member, d)
}
