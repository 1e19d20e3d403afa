package query

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert"
)

// iterator walks a series.
type iterator struct {
	s   *series
	cur sample
	at  position
	err error

	chunk int // that xor is in, or the next one
	open  bool
	xor   chunkenc.Iterator
	shift int // the next one

	// Of a discrete series: the sample stored next, and whether there is one.
	next sample
	more bool
}

// position tells where an iterator stands.
type position uint8

const (
	atStart position = iota
	atSample
	atEnd
)

var _ chunkenc.Iterator = (*iterator)(nil)

func (it *iterator) reset(s *series) {
	*it = iterator{s: s, xor: it.xor}
	if s.every > 0 {
		it.next, it.more = it.stored(math.MinInt64)
	}
}

// Next goes to the next sample.
func (it *iterator) Next() chunkenc.ValueType { return it.advance(math.MinInt64) }

// Seek goes to the first sample at or after t, never backwards.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	if it.at == atSample && it.cur.t >= t {
		return chunkenc.ValFloat
	}
	return it.advance(t)
}

// advance goes to the first sample after the current one that is not before t.
func (it *iterator) advance(t int64) chunkenc.ValueType {
	ok := it.at != atEnd
	switch {
	case !ok:
	case it.s.every > 0:
		ok = it.repeat(t)
	default:
		it.cur, ok = it.stored(t)
	}
	if !ok {
		it.at = atEnd
		return chunkenc.ValNone
	}
	it.at = atSample
	return chunkenc.ValFloat
}

// repeat is advance for a discrete series.
func (it *iterator) repeat(t int64) bool {
	holds := it.at == atSample && !convert.IsStale(it.cur.v)
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
		holds, from = !convert.IsStale(it.cur.v), it.cur.t+it.s.every
	}
}

// stored reads on to the next sample stored that is not before t.
func (it *iterator) stored(t int64) (sample, bool) {
	chunks := it.s.chunks
	for {
		if it.open && chunks[it.chunk].last >= t {
			for it.xor.Next() != chunkenc.ValNone {
				if at, v := it.xor.At(); at >= t {
					return sample{at, it.shifted(at, v)}, true
				}
			}
			if it.err = it.xor.Err(); it.err != nil {
				return sample{}, false
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
			return sample{}, false
		}
		it.xor = chunks[it.chunk].data.Iterator(it.xor)
		it.open = true
	}
}

// shifted returns a value as the series' bridge, if there is one, wants it.
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

// AtHistogram is never called: all values are floats.
func (*iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }

// AtFloatHistogram is never called: all values are floats.
func (*iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}

// Err returns why a chunk could not be read.
func (it *iterator) Err() error { return it.err }
