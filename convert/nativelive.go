package convert

import (
	"sync/atomic"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// NativeStep gathers the values of native metrics that the sources of a Mapper
// have at one time, beside what their MappedSources gather. It has one owner, as
// the Mapper does.
type NativeStep struct {
	natives Natives
	step    *nativeStep
	live    int
	ended   []*NativeSeries // oldest first, so that they can be forgotten
}

// NativeSeries is a series whose values native metrics get.
type NativeSeries struct {
	name      string
	shares    []nativeShare
	live      bool
	forgotten atomic.Bool // the one field that others than the owner may read
	tick      uint64      // of the step it last had a value in
}

// NewNativeStep returns a NativeStep of the series that natives knows. What a
// Mapper adopted from an archive keeps its numbers. r may be nil.
func NewNativeStep(m *Mapper, natives Natives, r *Report) *NativeStep {
	return &NativeStep{natives: natives, step: newNativeStep(m, r)}
}

// Series returns a new series of a target, nil if it is none of a native metric:
// it belongs to the MappedSource then. A target's series is to be asked for once
// until it ends.
func (n *NativeStep) Series(s *PromSeries, job, instance string) *NativeSeries {
	shares := n.step.shares(n.natives.Places(s), [2]string{job, instance})
	if len(shares) == 0 {
		return nil
	}
	return &NativeSeries{name: s.Name, shares: shares}
}

// Name returns the name of the series' samples.
func (s *NativeSeries) Name() string { return s.name }

// Forgotten reports whether the series ended so long ago that it must be asked
// for again before it gets another value.
func (s *NativeSeries) Forgotten() bool { return s.forgotten.Load() }

// Current reports whether a value for ser can still be recorded. A series that was
// forgotten since the value came keeps its instances unless others have them now.
func (n *NativeStep) Current(ser *NativeSeries) bool {
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
func (n *NativeStep) Live() int { return n.live }

// Begin starts a step at t. What was set since the last AppendTo must not be
// dropped: AppendTo comes before the next Begin.
func (n *NativeStep) Begin(t pcp.Timestamp) { n.step.begin(t) }

// Has reports whether a series has a value in the current step.
func (n *NativeStep) Has(s *NativeSeries) bool { return s.tick == n.step.tick }

// Set gives a series its value in the current step, once.
func (n *NativeStep) Set(s *NativeSeries, v float64) {
	if s.tick = n.step.tick; !s.live {
		s.live = true
		n.live++
	}
	for _, share := range s.shares {
		n.step.set(share, v, false)
	}
}

// End ends a series, unless it has a value in the current step.
func (n *NativeStep) End(s *NativeSeries) {
	if !s.live || n.Has(s) {
		return
	}
	s.live = false
	n.live--
	for _, share := range s.shares {
		n.step.set(share, 0, true)
	}
	n.ended = append(n.ended, s)
	n.forget()
}

// forget drops the oldest ended series beyond as many as are live. Their
// instances keep their numbers.
func (n *NativeStep) forget() {
	const atLeast = 1000
	for len(n.ended) > max(atLeast, n.live) {
		old := n.ended[0]
		n.ended = n.ended[1:]
		if old.live || old.forgotten.Load() {
			continue
		}
		old.forgotten.Store(true)
		for _, share := range old.shares {
			if slot := share.slot; share.place.Combine == CombineNot && !slot.live && slot.tick != n.step.tick {
				delete(slot.metric.slots, slot.inst)
			}
		}
	}
}

// AppendTo adds to dst what was set since Begin. It is reused by the next one.
func (n *NativeStep) AppendTo(dst []archive.MetricValues) []archive.MetricValues {
	return n.step.appendTo(dst)
}
