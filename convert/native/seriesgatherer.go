package native

import (
	"sync/atomic"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// NativeStep gathers the values of native metrics that the sources of a Mapper
// have at one time, beside what their MappedSources gather. It has one owner, as
// the Mapper does.
type SeriesGatherer struct {
	resolver Resolver
	gatherer *Gatherer
	live     int
	ended    []*Series // oldest first, so that they can be forgotten
}

// NativeSeries is a series whose values native metrics get.
type Series struct {
	name      string
	shares    []Share
	live      bool
	forgotten atomic.Bool // the one field that others than the owner may read
	tick      uint64      // of the step it last had a value in
}

// NewNativeStep returns a NativeStep of the series that natives knows. What a
// Mapper adopted from an archive keeps its numbers. r may be nil.
func NewSeriesGatherer(m *mapper.Mapper, natives Resolver, r *prom.Report) *SeriesGatherer {
	return &SeriesGatherer{resolver: natives, gatherer: NewGatherer(m, r)}
}

// Series returns a new series of a target, nil if it is none of a native metric:
// it belongs to the MappedSource then. A target's series is to be asked for once
// until it ends.
func (n *SeriesGatherer) Series(s *prom.Series, job, instance string) *Series {
	shares := n.gatherer.Shares(n.resolver.Places(s), [2]string{job, instance})
	if len(shares) == 0 {
		return nil
	}
	return &Series{name: s.Name, shares: shares}
}

// Name returns the name of the series' samples.
func (s *Series) Name() string { return s.name }

// Forgotten reports whether the series ended so long ago that it must be asked
// for again before it gets another value.
func (s *Series) Forgotten() bool { return s.forgotten.Load() }

// Current reports whether a value for ser can still be recorded. A series that was
// forgotten since the value came keeps its instances unless others have them now.
func (n *SeriesGatherer) Current(ser *Series) bool {
	if !ser.forgotten.Load() {
		return true
	}
	for _, share := range ser.shares {
		slot := share.slot
		if now, taken := slot.metric.slots[slot.inst]; taken && now != slot {
			return false
		}
	}
	for _, share := range ser.shares {
		share.slot.metric.slots[share.slot.inst] = share.slot
	}
	ser.forgotten.Store(false)
	return true
}

// Live returns how many series have a value and did not end.
func (n *SeriesGatherer) Live() int { return n.live }

// Begin starts a step at t. What was set since the last AppendTo must not be
// dropped: AppendTo comes before the next Begin.
func (n *SeriesGatherer) Begin(t pcp.Timestamp) { n.gatherer.Begin(t) }

// Has reports whether a series has a value in the current step.
func (n *SeriesGatherer) Has(s *Series) bool { return s.tick == n.gatherer.tick }

// Set gives a series its value in the current step, once.
func (n *SeriesGatherer) Set(s *Series, v float64) {
	if s.tick = n.gatherer.tick; !s.live {
		s.live = true
		n.live++
	}
	for _, share := range s.shares {
		n.gatherer.Set(share, v, false)
	}
}

// End ends a series, unless it has a value in the current step.
func (n *SeriesGatherer) End(s *Series) {
	if !s.live || n.Has(s) {
		return
	}
	s.live = false
	n.live--
	for _, share := range s.shares {
		n.gatherer.Set(share, 0, true)
	}
	n.ended = append(n.ended, s)
	n.forget()
}

// forget drops the oldest ended series beyond as many as are live. Their
// instances keep their numbers.
func (n *SeriesGatherer) forget() {
	const atLeast = 1000
	for len(n.ended) > max(atLeast, n.live) {
		old := n.ended[0]
		n.ended = n.ended[1:]
		if old.live || old.forgotten.Load() {
			continue
		}
		old.forgotten.Store(true)
		for _, share := range old.shares {
			if slot := share.slot; share.place.Combine == CombineNot && !slot.live && slot.tick != n.gatherer.tick {
				delete(slot.metric.slots, slot.inst)
			}
		}
	}
}

// AppendTo adds to dst what was set since Begin. It is reused by the next one.
func (n *SeriesGatherer) AppendTo(dst []history.MetricValues) []history.MetricValues {
	return n.gatherer.AppendTo(dst)
}
