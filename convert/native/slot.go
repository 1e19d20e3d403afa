package native

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nativeMetric is a metric with its places.
type metricState struct {
	metric      *history.Metric // the form that it has
	out         *history.Metric // that, or a copy where it is to be written again
	forms       map[*Metric]*history.Metric
	timely      bool
	relabelings uint64  // for which the labels were seen to
	indom       *domain // nil: singular
	slots       map[meta.Instance]*slot
	live        int
	tick        uint64 // of the step in which it was touched last
	valued      uint64 // of that in which it had a value last
	now         []*slot
	points      []history.Point
	record      uint64 // how many had values, from 1

	changed bool // a slot came to life or ended in this step
	shown   bool // the archive has the metric, be it without a value
}

// nativeSlot is an instance of a metric and what it holds.
type slot struct {
	metric      *metricState
	member      *member // nil: singular
	inst        meta.Instance
	series      *history.Series // as it was described last; nil before its first value
	relabelings uint64          // of the instance, for which its labels were seen to
	target      [2]string       // of the first Prometheus series
	taken       bool            // it has had a series
	live        bool
	tick        uint64
	ended       bool // in this step
	sum         float64
	times       float64
	over        float64
	divided     bool
	parts       uint64 // seen, as bits
	needs       uint64 // of these
	scaled      bool   // not as it was exposed
	text        string
	record      uint64 // of the metric, the last one with a value
}

// nativeShare is what one series gives to a slot.
type Share struct {
	slot   *slot
	series *history.Series // what the slot is by that series
	place  Place
}

// sameSlot reports whether two shares are of one slot.
func (s Share) SameSlot(o Share) bool { return s.slot == o.slot }

// admits reports whether a further series may have the slot.
func (s *slot) admits(c Combine, target [2]string, tick uint64) bool {
	switch c {
	case CombineNot:
		return !s.live && (s.tick != tick || s.ended)
	case CombineLast:
		return true
	}
	return s.target == target
}

// slot finds or makes a place.
func (m *metricState) slot(p Place) *slot {
	inst := meta.Instance{ID: pcp.InstNull}
	var member *member
	switch {
	case m.indom != nil:
		member = m.indom.member(p)
		inst = member.inst
	case p.Metric.Recorded:
		inst.ID = p.ID // old loggers gave values of metrics without a domain a number
	}
	s, ok := m.slots[inst]
	if !ok {
		s = &slot{metric: m, member: member, inst: inst}
		m.slots[inst] = s
	}
	return s
}

// as returns what the slot is by a place. Those that are known by name alone
// keep the labels of the first one.
func (s *slot) seriesFor(p Place) *history.Series {
	metric, labels := s.metric.forms[p.Metric], p.Labels
	if s.member != nil && p.ID == pcp.InstNull {
		labels = s.member.labels
	}
	if s.series != nil && s.series.Metric == metric && s.series.Labels.Equal(labels) {
		return s.series
	}
	return &history.Series{Metric: metric, Inst: s.inst, Labels: labels}
}
