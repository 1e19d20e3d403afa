package scrape

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// ownTimes are the samples of a series with their own times, on the current page
// and on the last earlier page that had any.
type ownTimes struct {
	round             uint64            // number of the scrape that current is from
	current, previous map[int64]ownTime // by time in milliseconds
}

// ownTime is the value of a sample with its own time.
type ownTime struct {
	bits uint64
	data []byte
}

// takeTimed removes the samples with their own times from the scrape that is recorded at
// t. It returns, by ascending time, the samples that get their own records before that
// one, and after it. A sample whose time the archive has passed, or that is ahead of other
// records, gets the time of the scrape. takeTimed drops a sample that an earlier page had,
// because it is recorded already.
func (s *scrape) takeTimed(t int64) (before, after []pageSample) {
	r := s.src.rec
	ahead := sync.OnceValue(r.nextTime)
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
		if sm.t < t && (!r.any || sm.t > r.last) || sm.t > t && sm.t < ahead() {
			s.timed = append(s.timed, sm)
			continue
		}
		r.report.Add(prom.LossTooOld, sm.series.Name())
		kept = append(kept, sm)
	}
	s.samples = kept
	s.count += len(s.timed)
	slices.SortStableFunc(s.timed, func(a, b pageSample) int { return cmp.Compare(a.t, b.t) })
	n, _ := slices.BinarySearchFunc(s.timed, t, func(sm pageSample, t int64) int { return cmp.Compare(sm.t, t) })
	return s.timed[:n], s.timed[n:]
}

// nextTime returns a time that no later record precedes: neither those of scrapes that are
// under way or wait, nor those of scrapes that begin from now on.
func (r *Recorder) nextTime() int64 {
	t := time.Now().UnixMilli()
	for _, begun := range r.inFlight {
		t = min(t, begun)
	}
	if len(r.queue) > 0 {
		t = min(t, r.queue[0].t)
	}
	return t
}

// seen reports whether the series has had a sample of the same time, and counts it.
func (src *source) seen(sm *pageSample) bool {
	if src.ownTimes == nil {
		src.ownTimes = map[pageSeries]*ownTimes{}
	}
	own := src.ownTimes[sm.series]
	if own == nil {
		own = &ownTimes{current: map[int64]ownTime{}, previous: map[int64]ownTime{}}
		src.ownTimes[sm.series] = own
	}
	if own.round != src.round {
		own.round = src.round
		own.current, own.previous = own.previous, own.current
		clear(own.current)
	}
	if _, twice := own.current[sm.t]; twice {
		src.rec.report.Add(prom.LossDuplicate, sm.series.Name())
		return true
	}
	one := ownTime{math.Float64bits(sm.v), sm.histogram()}
	was, again := own.previous[sm.t]
	switch {
	case !again:
		own.current[sm.t] = one
		return false
	case was.bits == one.bits && bytes.Equal(was.data, one.data):
		src.rec.stats.Repeated++
	default:
		src.rec.report.Add(prom.LossDuplicate, sm.series.Name())
	}
	own.current[sm.t] = was
	return true
}

// putTimed writes a record for each time that samples of a source have.
func (r *Recorder) putTimed(src *source, own []pageSample) {
	for len(own) > 0 {
		t, n := own[0].t, src.begin(own[0].t, own)
		r.put(t, src.mapped)
		own = own[n:]
	}
}
