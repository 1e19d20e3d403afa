package native

import (
	"sync/atomic"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// SeriesGatherer gathers the values of live native series. A scraper uses it beside
// the Sources of a [mapper.Mapper], which gather all other series. Both are for one
// goroutine.
type SeriesGatherer struct {
	resolver Resolver
	gatherer *Gatherer
	live     int
	ended    []*Series // series that ended and are not forgotten, oldest first
}

// Series is a Prometheus series that gives values to native metrics.
type Series struct {
	name      string
	shares    []Share
	live      bool        // it has a value and has not ended
	forgotten atomic.Bool // other goroutines than the owner's may read this field only
	tick      uint64      // the last step with a value
}

// NewSeriesGatherer returns a SeriesGatherer for the series that natives knows.
// Instances that the Mapper adopted keep their numbers. The report may be nil.
func NewSeriesGatherer(m *mapper.Mapper, natives Resolver, r *prom.Report) *SeriesGatherer {
	return &SeriesGatherer{resolver: natives, gatherer: NewGatherer(m, r)}
}

// Series returns the native series for a series of a target, nil if it does not
// stand for native metrics and belongs to a mapper.Source. Ask for each series of
// a target once, and again after it was forgotten.
func (n *SeriesGatherer) Series(s *prom.Series, job, instance string) *Series {
	shares := n.gatherer.Shares(n.resolver.Places(s), [2]string{job, instance})
	if len(shares) == 0 {
		return nil
	}
	return &Series{name: s.Name, shares: shares}
}

// Name returns the name of the series' samples.
func (s *Series) Name() string { return s.name }

// Forgotten reports whether the series ended so long ago that the SeriesGatherer
// dropped it. Ask for it again before a further value. Any goroutine may call
// Forgotten.
func (s *Series) Forgotten() bool { return s.forgotten.Load() }

// Current reports whether a value of ser can be recorded. A forgotten series gets
// its slots back unless another series has one of them now.
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

// Live returns the number of series that have a value and have not ended.
func (n *SeriesGatherer) Live() int { return n.live }

// Begin starts a step at t. Call AppendTo before the next Begin: values must not be
// dropped.
func (n *SeriesGatherer) Begin(t pcp.Timestamp) { n.gatherer.Begin(t) }

// Has reports whether a series has a value in the current step.
func (n *SeriesGatherer) Has(s *Series) bool { return s.tick == n.gatherer.tick }

// Set gives a series its value in the current step. Call it once a step.
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

// forget drops the oldest ended series if there are more of them than live ones.
// Their instances keep their numbers.
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

// AppendTo appends the values that were set since Begin to dst. The next Begin
// reuses their memory.
func (n *SeriesGatherer) AppendTo(dst []history.MetricValues) []history.MetricValues {
	return n.gatherer.AppendTo(dst)
}
