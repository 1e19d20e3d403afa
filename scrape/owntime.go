package scrape

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// ownTimes are a series' samples with times of their own: on the page that is recorded
// (now), and on the last page before it that had any (then).
type ownTimes struct {
	round     uint64            // the number of the scrape that brought now
	now, then map[int64]ownTime // by time in milliseconds
}

// ownTime is the value of a sample with a time of its own.
type ownTime struct {
	bits uint64
	data []byte
}

// takeTimed moves the samples with times of their own out of the scrape that is recorded
// at t. It returns the samples that get records of their own, ordered by time. A sample
// that is too old for the archive gets the scrape's time. A sample that an earlier page
// had, too, is dropped: it is recorded already.
func (s *scrape) takeTimed(t int64) []pageSample {
	r := s.src.rec
	s.src.round++
	kept := s.samples[:0]
	for _, sm := range s.samples {
		if sm.t == s.t || prom.IsStale(sm.v) || !sm.series.takesOwnTimes() {
			kept = append(kept, sm)
			continue
		}
		sm.series, _ = sm.series.revived(s.src) // always possible with times of its own
		if s.src.seen(&sm) {
			continue
		}
		if sm.t < t && (!r.any || sm.t > r.last) {
			s.timed = append(s.timed, sm)
			continue
		}
		r.report.Add(prom.LossTooOld, sm.series.Name())
		kept = append(kept, sm)
	}
	s.samples = kept
	s.count += len(s.timed)
	slices.SortStableFunc(s.timed, func(a, b pageSample) int { return cmp.Compare(a.t, b.t) })
	return s.timed
}

// seen reports whether the series has had a sample of the same time, and counts it.
func (src *source) seen(sm *pageSample) bool {
	if src.ownTimes == nil {
		src.ownTimes = map[pageSeries]*ownTimes{}
	}
	own := src.ownTimes[sm.series]
	if own == nil {
		own = &ownTimes{now: map[int64]ownTime{}, then: map[int64]ownTime{}}
		src.ownTimes[sm.series] = own
	}
	if own.round != src.round {
		own.round = src.round
		own.now, own.then = own.then, own.now
		clear(own.now)
	}
	if _, twice := own.now[sm.t]; twice {
		src.rec.report.Add(prom.LossDuplicate, sm.series.Name())
		return true
	}
	one := ownTime{math.Float64bits(sm.v), sm.histogram}
	was, again := own.then[sm.t]
	switch {
	case !again:
		own.now[sm.t] = one
		return false
	case was.bits == one.bits && bytes.Equal(was.data, one.data):
		src.rec.stats.Repeated++
	default:
		src.rec.report.Add(prom.LossDuplicate, sm.series.Name())
	}
	own.now[sm.t] = was
	return true
}
