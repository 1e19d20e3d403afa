package verify

import (
	"errors"
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// chunk checks that a chunk and its samples can be read.
func (c *contents) chunk(lset labels.Labels, m chunks.Meta) {
	enc, data, _, err := c.segs.Read(m.Ref, c.buf)
	if err == nil && enc == block.EncAggregates {
		c.buf = data[:0]
		c.aggregates(lset, m, data)
		return
	}
	if err == nil {
		c.buf = data[:0]
		err = block.CheckEncoding(enc, data)
	}
	var unknown block.UnknownEncoding
	if errors.As(err, &unknown) {
		if c.unread = true; !c.foreign {
			c.foreign = true
			c.add(BlockEncoding, "chunks", "%v", unknown)
		}
		return
	}
	var chunk chunkenc.Chunk
	if err == nil {
		chunk, err = chunkenc.FromData(enc, data)
	}
	if err != nil {
		c.unread = true
		c.add(BlockChunkDamaged, "chunks", "series %s: chunk from %s to %s: %v", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), err)
		return
	}
	switch enc {
	case chunkenc.EncXOR, chunkenc.EncHistogram, chunkenc.EncFloatHistogram:
	default:
		c.add(BlockEncoding, "chunks", "series %s: chunk from %s is encoded as %s", lset, block.FormatTime(m.MinTime), enc)
	}
	if err := block.Guard(func() error { return c.samples(chunk, m) }); err != nil {
		c.unread = true
		c.add(BlockChunkSamples, "chunks", "series %s: chunk from %s to %s: %v", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), err)
	}
}

// aggregates checks a chunk that Thanos downsampled. Only Thanos can read a block with
// such chunks. If meta.json does not say that the block is downsampled, aggregates reports
// it once.
func (c *contents) aggregates(lset labels.Labels, m chunks.Meta, data []byte) {
	c.unread = true
	if c.meta.Thanos.Resolution() == 0 && c.aggregated == 0 {
		c.add(BlockDownsampled, "chunks", "the chunks are downsampled by Thanos, but meta.json does not say so")
	}
	c.aggregated++
	if c.o.Target != Thanos {
		return
	}
	if _, err := block.SplitAggregates(data); err != nil {
		c.add(BlockAggregates, "chunks", "series %s: chunk from %s to %s: %v", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), err)
	}
}

// samples checks the number and the times of a chunk's samples.
func (c *contents) samples(chunk chunkenc.Chunk, m chunks.Meta) error {
	it := chunk.Iterator(c.iterator)
	c.iterator = it
	n := 0
	var last int64
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		t := it.AtT()
		switch {
		case n == 0 && t != m.MinTime:
			return fmt.Errorf("the first sample is at %s", block.FormatTime(t))
		case n > 0 && t <= last:
			return fmt.Errorf("a sample at %s comes after one at %s", block.FormatTime(t), block.FormatTime(last))
		}
		last = t
		n++
		if kind == chunkenc.ValFloat {
			c.floats++
		} else {
			c.hists++
		}
	}
	switch {
	case it.Err() != nil:
		return it.Err()
	case n != chunk.NumSamples():
		return fmt.Errorf("%s, but its header says %d", english.Plural(n, "sample", ""), chunk.NumSamples())
	case n == 0:
		return errors.New("it has no samples")
	case last != m.MaxTime:
		return fmt.Errorf("the last sample is at %s", block.FormatTime(last))
	}
	return nil
}
