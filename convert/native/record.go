package native

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// assert sees to it that the labels of a metric with a value are in force: those
// that it shares with others may have changed with another one's. It reports false
// if a metric of the same record has it otherwise.
func (n *Gatherer) restoreLabels(m *metricState) bool {
	var levels [5]levelKey
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
			again := *m.metric
			m.out = &again
		}
		have.record = n.records
	}
	m.relabelings = n.relabelings
	mapperContext, mapperDomain := n.mapper.Context()
	context, domain := m.metric.Labels[0], mapperDomain
	if m.metric.Desc.PMID.Domain() == naming.OpenMetricsDomain {
		domain = m.metric.Labels[1]
	}
	if !context.Equal(mapperContext) || !domain.Equal(mapperDomain) {
		n.mapper.SetContext(context, domain)
	}
	return true
}

// appendTo adds what was set since begin.
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
	const atMost = 900 // microseconds
	n.waiting, n.lastRecord = append(n.waiting[:0], n.touched...), n.records+atMost
	return n.AppendRecord(dst)
}

// appendRecord adds what can be in one record, of what was set since begin: where
// labels that metrics share changed within a millisecond, values of before and
// after cannot. The rest waits.
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
			continue // what there is makes no value, as before
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

// depart takes instances that ended out of the domain unless the record itself
// tells of it, by a like one before that had the instance: see [flatten.Flattener].
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

// settle works out whether a slot has a value, and counts it.
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
