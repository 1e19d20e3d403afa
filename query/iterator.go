package query

import (
	"cmp"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// iterator yields the samples of a series.
type iterator struct {
	s   *packedSeries
	cur timedValue // the current sample; for a native histogram only its time, inner has the rest
	at  position
	err error

	chunk     int                // index of the chunk that inner reads, or of the next one
	open      bool               // inner reads a chunk
	inner     chunkenc.Iterator  // iterates over a compressed chunk
	plain     []timedValue       // the rest of a chunk that is not compressed
	kind      chunkenc.ValueType // kind of inner's current sample
	shift     int                // index of the next shift of numbers
	histShift int                // index of the next shift of native histograms

	expiry

	calls uint // number of calls of advance

	// next is the next stored sample of a discrete series, if more is true.
	next timedValue
	more bool
}

// looksAt is the number of steps between two checks of the context.
const looksAt = 1024

// position is the state of an iterator.
type position uint8

const (
	atStart position = iota
	atSample
	atEnd
)

var _ chunkenc.Iterator = (*iterator)(nil)

func (it *iterator) reset(s *packedSeries) {
	*it = iterator{s: s, inner: it.inner}
	if s.every > 0 {
		first := int64(math.MinInt64)
		if s.partial {
			first = s.start
		}
		it.next, it.more = it.stored(first)
	}
}

// Next goes to the next sample.
func (it *iterator) Next() chunkenc.ValueType { return it.advance(math.MinInt64) }

// Seek goes to the first sample at or after t, never backwards.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	if it.at == atSample && it.cur.t >= t {
		return it.current()
	}
	return it.advance(t)
}

// current returns the kind of the current sample.
func (it *iterator) current() chunkenc.ValueType {
	switch {
	case it.s.every > 0, it.ended:
		return chunkenc.ValFloat
	case it.kind == chunkenc.ValHistogram && it.s.bridge != nil:
		return chunkenc.ValFloatHistogram // a shift may give fractional counts
	}
	return it.kind
}

// advance goes to the first sample after the current one that is not before t.
func (it *iterator) advance(t int64) chunkenc.ValueType {
	ok := it.at != atEnd
	if it.calls++; it.calls%looksAt == 0 {
		it.err = cmp.Or(it.err, it.s.ctx.Err())
		ok = ok && it.err == nil
	}
	switch {
	case !ok:
	case it.s.every > 0:
		ok = it.repeat(t)
	case it.s.expires > 0:
		ok = it.expire(t)
	default:
		it.cur, ok = it.stored(t)
	}
	if !ok {
		it.at = atEnd
		return chunkenc.ValNone
	}
	it.at = atSample
	return it.current()
}

// repeat is advance for a discrete series.
func (it *iterator) repeat(t int64) bool {
	holds := it.at == atSample && !prom.IsStale(it.cur.v)
	from := it.cur.t + it.s.every
	if it.at == atStart && it.s.carried {
		it.cur, holds = it.s.before, true
		from = it.s.repeatAfter(it.cur.t)
	}
	for {
		if holds {
			if t > from {
				from += (t - from + it.s.every - 1) / it.s.every * it.s.every
			}
			if from <= it.s.end && (!it.more || from < it.next.t) {
				it.cur.t = from
				return true
			}
		}
		if !it.more {
			return false
		}
		it.cur = it.next
		it.next, it.more = it.stored(math.MinInt64)
		if it.cur.t >= t {
			return true
		}
		holds, from = !prom.IsStale(it.cur.v), it.cur.t+it.s.every
	}
}

// stored reads on to the next sample stored that is not before t.
func (it *iterator) stored(t int64) (timedValue, bool) {
	chunks := it.s.chunks
	for {
		if it.open && chunks[it.chunk].last >= t {
			if at, v, ok := it.search(t); ok {
				return timedValue{at, v}, true
			}
			if chunks[it.chunk].data == nil {
				it.plain = nil
			} else if it.err = it.inner.Err(); it.err != nil {
				return timedValue{}, false
			}
		}
		if it.open {
			it.open = false
			it.chunk++
		}
		for it.chunk < len(chunks) && chunks[it.chunk].last < t {
			it.chunk++
		}
		if it.chunk == len(chunks) {
			return timedValue{}, false
		}
		if c := &chunks[it.chunk]; c.data == nil {
			it.plain = c.plain
		} else {
			it.inner = c.data.Iterator(it.inner)
		}
		it.open = true
	}
}

// search goes to the first sample in the open chunk that is not before t. For a native
// histogram it returns the time alone.
func (it *iterator) search(t int64) (at int64, v float64, ok bool) {
	if it.s.chunks[it.chunk].data == nil {
		return it.searchPlain(t)
	}
	for it.kind = it.inner.Next(); it.kind != chunkenc.ValNone; it.kind = it.inner.Next() {
		if it.kind != chunkenc.ValFloat {
			if at = it.inner.AtT(); at >= t {
				return at, 0, true
			}
		} else if at, v = it.inner.At(); at >= t {
			return at, it.shifted(at, v), true
		}
	}
	return 0, 0, false
}

// searchPlain is search in a chunk that is not compressed.
func (it *iterator) searchPlain(t int64) (at int64, v float64, ok bool) {
	it.kind = chunkenc.ValNone
	for i := range it.plain {
		if p := it.plain[i]; p.t >= t {
			it.plain, it.kind = it.plain[i+1:], chunkenc.ValFloat
			return p.t, it.shifted(p.t, p.v), true
		}
	}
	return 0, 0, false
}

// shifted returns a value with the shift of the series' bridge, if there is a bridge.
func (it *iterator) shifted(t int64, v float64) float64 {
	if it.s.bridge == nil || math.IsNaN(v) {
		return v
	}
	shifts := it.s.shifts
	for it.shift < len(shifts) && shifts[it.shift].from <= t {
		it.shift++
	}
	if it.shift == 0 {
		return v
	}
	return v + shifts[it.shift-1].by
}

// At returns the current sample.
func (it *iterator) At() (int64, float64) { return it.cur.t, it.cur.v }

// AtT returns the current time.
func (it *iterator) AtT() int64 { return it.cur.t }

// AtST returns 0: archives keep no start times.
func (*iterator) AtST() int64 { return 0 }

// AtHistogram returns the current sample, if Next or Seek said that it is a
// histogram of integers.
func (it *iterator) AtHistogram(h *histogram.Histogram) (int64, *histogram.Histogram) {
	return it.inner.AtHistogram(h)
}

// AtFloatHistogram returns the current sample, if it is a histogram.
func (it *iterator) AtFloatHistogram(h *histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	t, h := it.inner.AtFloatHistogram(h)
	if it.s.bridge == nil || nativehist.IsStale(nil, h) {
		return t, h
	}
	return t, it.shiftedHistogram(t, h)
}

// shiftedHistogram returns a histogram with the shift of the series' bridge.
func (it *iterator) shiftedHistogram(t int64, h *histogram.FloatHistogram) *histogram.FloatHistogram {
	shifts := it.s.histShifts
	for it.histShift < len(shifts) && shifts[it.histShift].from <= t {
		it.histShift++
	}
	h = h.Copy() // the chunk's iterator owns the buckets
	if it.histShift > 0 {
		if _, _, _, it.err = h.Add(shifts[it.histShift-1].by); it.err != nil {
			return h
		}
	}
	h.Count += it.s.histFloor
	h.CounterResetHint = histogram.NotCounterReset // the bridge has removed resets
	return h
}

// Err returns why a chunk could not be read, or that the query has ended: the
// engine asks at every step behind the last sample.
func (it *iterator) Err() error { return cmp.Or(it.err, it.s.ctx.Err()) }
