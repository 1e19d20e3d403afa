package query

import (
	"encoding/binary"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// begin adds the samples of an archive. Its own marks have not been counted yet.
func (c *columnar) begin(src *columnSource) error {
	c.now = src
	var marks []int64
	for _, t := range src.entry.Marks {
		if t.Milli() >= c.from {
			marks = append(marks, t.Milli())
		}
	}
	var xor chunkenc.XORChunk
	var it chunkenc.Iterator
	for _, col := range src.series {
		if c.early && col.Sem != pcp.SemDiscrete {
			continue
		}
		r := columnReader{columnar: c, column: col, marks: marks}
		for i := range col.Chunks {
			if r.adopts(i) {
				if err := r.adopt(&col.Chunks[i]); err != nil {
					return err
				}
				continue
			}
			xor.Reset(col.Chunks[i].Data)
			it = xor.Iterator(it)
			if err := r.read(it); err != nil {
				return err
			}
		}
	}
	return c.ctx.Err()
}

// columnReader adds the samples of one series of an archive.
type columnReader struct {
	*columnar
	*column
	marks []int64 // times of the marks in the archive from the selection's start
	past  int     // marks before the last sample
}

// adopts reports whether the selection can hold chunk i as it is. The first chunk may
// begin with samples that the selection drops, and later samples may replace the last one.
// Samples after a mark are looked at.
func (r *columnReader) adopts(i int) bool {
	return i > 0 && i+1 < len(r.Chunks) && !r.early && !r.labelsOnly && r.packed != nil && r.packed.bridge == nil && r.packed.every == 0 &&
		r.Chunks[i-1].Last >= r.from && r.Chunks[i].Last <= r.to && (r.past == len(r.marks) || r.marks[r.past] > r.Chunks[i].Last)
}

// adopt adds a chunk as it is.
func (r *columnReader) adopt(c *columns.Chunk) error {
	if err := r.budget.take(int(binary.BigEndian.Uint16(c.Data))); err != nil {
		return err
	}
	x, err := chunkenc.FromData(chunkenc.EncXOR, c.Data)
	if err != nil {
		return err
	}
	return r.packed.adopt(x, c.Last)
}

// read adds the samples of a chunk that are in the selection's time.
func (r *columnReader) read(it chunkenc.Iterator) error {
	for it.Next() == chunkenc.ValFloat {
		t, v := it.At()
		switch before := t < r.from; {
		case t > r.to:
			return nil
		case before != r.early:
			continue
		case prom.IsStale(v) && !r.live:
			continue // the selection has not seen the series
		}
		r.live = !prom.IsStale(v)
		if err := r.sample(t, v); err != nil {
			return err
		}
	}
	return it.Err()
}

// sample adds a sample.
func (r *columnReader) sample(t int64, v float64) error {
	if r.packed == nil {
		r.packed = r.match(&prom.Series{Name: r.name, Labels: r.Labels, Sem: r.Sem})
		if r.full != nil {
			return r.full
		}
	}
	for r.past < len(r.marks) && r.marks[r.past] <= t {
		r.past++
	}
	s := r.selection
	marks, met := s.marks, s.met
	s.met = s.counted.n + r.past // no other archive overlaps this one
	s.marks = s.met
	err := r.addNumber(r.packed, t, v)
	s.marks, s.met = marks, met
	return err
}
