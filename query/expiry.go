package query

import (
	"math"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// expiry is the state of an iterator over a series whose samples end at an age.
type expiry struct {
	ended   bool       // the current sample is the marker that ends the one before
	ahead   timedValue // the stored sample after the marker, if waiting is true
	waiting bool
}

// expire is advance for a series whose samples end at an age. A stale marker follows a
// sample that ends before the next one. A sample that t skips gets none.
func (it *iterator) expire(t int64) bool {
	holds := it.at == atSample && !it.ended && !prom.IsStale(it.cur.v)
	if it.ended {
		if !it.waiting {
			return false
		}
		it.ended, it.waiting = false, false
		it.cur = it.ahead
		if it.cur.t >= t {
			return true
		}
		holds = !prom.IsStale(it.cur.v)
	}
	for holds {
		end := it.cur.t + it.s.expires
		if end < t {
			break
		}
		next, more := it.stored(math.MinInt64)
		if it.err != nil {
			return false
		}
		if !more || end < next.t {
			it.ahead, it.waiting, it.ended = next, more, true
			it.cur = timedValue{end, prom.StaleNaN}
			return true
		}
		if it.cur = next; next.t >= t {
			return true
		}
		holds = !prom.IsStale(next.v)
	}
	var ok bool
	it.cur, ok = it.stored(t)
	return ok
}
