package blocks

import (
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tombstones"
)

// partOfChunk is a chunk without samples that are deleted or outside of a span of time.
type partOfChunk struct {
	chunkenc.Chunk
	mint, maxt int64 // inclusive
	deleted    tombstones.Intervals
}

// Iterator returns an iterator of the samples that remain.
func (p *partOfChunk) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return &partIterator{p.Chunk.Iterator(nil), p}
}

// count returns the number of samples that remain.
func (p *partOfChunk) count() (n int, err error) {
	it := p.Iterator(nil)
	for it.Next() != chunkenc.ValNone {
		n++
	}
	return n, it.Err()
}

// lacks reports whether samples of a time do not remain.
func (p *partOfChunk) lacks(t int64) bool {
	if t < p.mint || t > p.maxt {
		return true
	}
	for _, i := range p.deleted {
		if i.InBounds(t) {
			return true
		}
	}
	return false
}

// partIterator passes over the samples that do not remain.
type partIterator struct {
	chunkenc.Iterator
	part *partOfChunk
}

// Next goes to the next sample that remains.
func (it *partIterator) Next() chunkenc.ValueType { return it.remaining(it.Iterator.Next()) }

// Seek goes to the first sample that remains at a time or later.
func (it *partIterator) Seek(t int64) chunkenc.ValueType { return it.remaining(it.Iterator.Seek(t)) }

// remaining passes over samples from the current one on. v is the kind of the current one.
func (it *partIterator) remaining(v chunkenc.ValueType) chunkenc.ValueType {
	for v != chunkenc.ValNone && it.part.lacks(it.AtT()) {
		v = it.Iterator.Next()
	}
	return v
}
