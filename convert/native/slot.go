package native

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metricState is a metric with its slots.
type metricState struct {
	metric      *history.Metric             // the present description
	out         *history.Metric             // what steps have: metric, or a copy so that the archive gets it again
	forms       map[*Metric]*history.Metric // every description so far
	timely      bool                        // see Metric.Timely
	relabelings uint64                      // Gatherer.relabelings when restoreLabels last ran
	indom       *domain                     // nil for a singular metric
	slots       map[meta.Instance]*slot
	live        int     // slots with a value
	tick        uint64  // the last step with a sample or an end
	valued      uint64  // the last step with a value
	now         []*slot // slots with a sample or an end in the step tick
	points      []history.Point
	record      uint64 // counts the records with a value, from 1

	changed bool // a slot began or ended in this step
	shown   bool // the archive knows the metric, perhaps without a value
}

// slot is an instance of a metric with its value.
type slot struct {
	metric      *metricState
	member      *member // nil for a singular metric
	inst        meta.Instance
	series      *history.Series // the present description; nil before the first value
	relabelings uint64          // member.relabelings when series was set
	target      [2]string       // job and instance of the first Prometheus series
	taken       bool            // a Prometheus series has or had the slot
	live        bool            // the slot had a value when settle last ran
	tick        uint64          // the last step with a sample or an end
	ended       bool            // the slot has no value in the step tick

	// The value in the step tick is sum · times / over, or text.
	sum     float64
	times   float64
	over    float64
	divided bool // over counts
	scaled  bool // the value is not as exposed: Place.Factor changed it
	text    string

	parts  uint64 // bit n is set if a series of Place.Part n has a value
	needs  uint64 // bits that parts must have for the slot to have a value
	record uint64 // metricState.record of the last record with a value
}

// Share is the part of one series in a slot.
type Share struct {
	slot   *slot
	series *history.Series // the slot as this series describes it
	place  Place
}

// SameSlot reports whether two shares belong to the same slot.
func (s Share) SameSlot(o Share) bool { return s.slot == o.slot }

// admits reports whether one more series, of the given target, may have the slot.
func (s *slot) admits(c Combine, target [2]string, tick uint64) bool {
	switch c {
	case CombineNot:
		return !s.live && (s.tick != tick || s.ended)
	case CombineLast:
		return true
	}
	return s.target == target
}

// slot finds or makes the slot of a place.
func (m *metricState) slot(p Place) *slot {
	inst := meta.Instance{ID: pcp.InstNull}
	var member *member
	switch {
	case m.indom != nil:
		member = m.indom.member(p)
		inst = member.inst
	case p.Metric.Recorded:
		inst.ID = p.ID // old loggers gave values of singular metrics an instance number
	}
	s, ok := m.slots[inst]
	if !ok {
		s = &slot{metric: m, member: member, inst: inst}
		m.slots[inst] = s
	}
	return s
}

// seriesFor returns the slot as a place describes it. An instance that is known by
// name only keeps the labels of its first place.
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
