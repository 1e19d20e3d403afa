package verify

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize/english"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// Mimir's default limits. A tenant can change them.
const (
	mimirLabelNames = 30
	mimirNameLength = 1024
	mimirTextLength = 2048
)

// contents is the state of the check of a block's contents.
type contents struct {
	*findings
	meta  *block.Meta
	index *block.Index
	segs  *block.Segments

	last    labels.Labels        // previous series
	lastRef chunks.ChunkRef      // reference of the previous chunk
	jumped  bool                 // whether BlockChunkRefs was reported
	pairs   map[labels.Label]int // number of series with a label
	series  uint64               // number of series read
	chunks  uint64               // number of chunks listed
	floats  uint64               // number of samples with a number
	hists   uint64               // number of native histograms
	unread  bool                 // whether some samples cannot be read, so that the counts are incomplete
	// aggregated is the number of chunks with aggregates.
	aggregated uint64
	foreign    bool // whether an unknown encoding was reported
	buf        []byte
	iterator   chunkenc.Iterator
}

// checkContents checks the index, the chunks and the tombstones.
func checkContents(ctx context.Context, s *findings, dir string, m *block.Meta) {
	c := &contents{findings: s, meta: m, pairs: map[labels.Label]int{}}
	var err error
	if c.segs, err = block.OpenSegments(dir); err != nil {
		s.add(BlockChunks, "chunks", "%v", block.Reason(err))
		return
	}
	defer func() { _ = c.segs.Close() }() // read-only files
	for name, err := range c.segs.Damaged() {
		s.add(BlockChunks, filepath.Join("chunks", name), "%v", block.Reason(err))
	}
	if c.index, err = block.OpenIndex(dir); err != nil {
		s.add(BlockIndex, "index", "%v", err)
		return
	}
	defer func() { _ = c.index.Close() }()
	if err := block.Guard(func() error { return c.walk(ctx) }); err != nil {
		s.add(BlockIndex, "index", "%v", err)
		return
	}
	if ctx.Err() != nil {
		return
	}
	c.stats()
	if err := block.Guard(func() error { return c.tombstones(dir) }); err != nil {
		s.add(BlockTombstones, tombstones.TombstonesFilename, "%v", block.Reason(err))
	}
}

// walk checks the symbols, the series and the postings.
func (c *contents) walk(ctx context.Context) error {
	if err := c.symbols(); err != nil {
		return fmt.Errorf("symbols: %w", err)
	}
	name, value := index.AllPostingsKey()
	p, err := c.index.Postings(ctx, name, value)
	if err != nil {
		return err
	}
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for p.Next() {
		if c.stopped || ctx.Err() != nil {
			return nil
		}
		if err := c.index.Series(p.At(), &builder, &metas); err != nil {
			c.add(BlockIndex, "index", "entry of a series at %d: %v", c.index.SeriesAt(p.At()), err)
			continue
		}
		c.checkSeries(builder.Labels(), metas)
	}
	if p.Err() != nil {
		return p.Err()
	}
	return c.postings(ctx)
}

// symbols checks that the symbols of the index are sorted.
func (c *contents) symbols() error {
	it := c.index.Symbols()
	last, any := "", false
	for it.Next() {
		if s := it.At(); any && s <= last {
			c.add(BlockSymbols, "index", "symbol %q comes after %q", s, last)
		}
		last, any = string([]byte(it.At())), true
	}
	return it.Err()
}

// checkSeries checks a series and its chunks.
func (c *contents) checkSeries(lset labels.Labels, metas []chunks.Meta) {
	c.series++
	if labels.Compare(c.last, lset) >= 0 {
		c.add(BlockSeriesOrder, "index", "series %s comes after %s", lset, c.last)
	}
	c.last = lset
	c.labels(lset)
	if len(metas) == 0 {
		c.add(BlockSeriesEmpty, "index", "series %s has no chunks", lset)
	}
	for i, m := range metas {
		c.chunks++
		if m.MinTime > m.MaxTime || i > 0 && m.MinTime <= metas[i-1].MaxTime {
			c.add(BlockChunkOrder, "index", "series %s: chunk from %s to %s comes after one that ends at %s", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), block.FormatTime(metas[max(i-1, 0)].MaxTime))
		}
		if c.meta.MinTime < c.meta.MaxTime && (m.MinTime < c.meta.MinTime || m.MaxTime >= c.meta.MaxTime) {
			c.add(BlockChunkOutside, "index", "series %s: chunk from %s to %s, but the block is from %s to %s", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), block.FormatTime(c.meta.MinTime), block.FormatTime(c.meta.MaxTime-1))
		}
		if m.Ref <= c.lastRef && !c.jumped {
			c.jumped = true
			c.add(BlockChunkRefs, "index", "series %s: its chunk lies before the chunk of the previous series", lset)
		}
		c.lastRef = m.Ref
		c.chunk(lset, m)
	}
}

// postings compares the lists of series by label with the labels of the series.
func (c *contents) postings(ctx context.Context) error {
	ranges, err := c.index.PostingsRanges()
	if err != nil {
		return err
	}
	for l := range ranges {
		if l.Name == "" && l.Value == "" {
			continue
		}
		p, err := c.index.Postings(ctx, l.Name, l.Value)
		if err != nil {
			return err
		}
		n := 0
		for p.Next() {
			n++
		}
		if p.Err() != nil {
			return p.Err()
		}
		if want := c.pairs[l]; n != want {
			c.add(BlockPostings, "index", "the list of %s=%q has %d series, but the label is in %d series", l.Name, l.Value, n, want)
		}
		delete(c.pairs, l)
	}
	for l, n := range c.pairs {
		c.add(BlockPostings, "index", "the index has no list of %s=%q, but the label is in %d series", l.Name, l.Value, n)
	}
	return nil
}

// stats compares the numbers in meta.json with the contents. Older writers do not count
// numbers and histograms separately.
func (c *contents) stats() {
	s := c.meta.Stats
	for _, n := range []struct {
		noun           string
		stated, actual uint64
		skip           bool
	}{
		{"series", s.Series, c.series, false},
		{"chunks", s.Chunks, c.chunks, false},
		{"samples", s.Samples, c.floats + c.hists, c.unread},
		{"samples with a number", s.Floats, c.floats, c.unread || s.Floats+s.Histograms == 0},
		{"native histograms", s.Histograms, c.hists, c.unread || s.Floats+s.Histograms == 0},
	} {
		if n.stated != n.actual && !n.skip {
			c.add(BlockStats, block.MetaName, "%d %s, but the block has %d", n.stated, n.noun, n.actual)
		}
	}
}

// tombstones checks the list of deleted samples.
func (c *contents) tombstones(dir string) error {
	deleted, _, err := tombstones.ReadTombstones(dir)
	if err != nil {
		return err
	}
	if n := deleted.Total(); n > 0 {
		c.add(BlockDeleted, tombstones.TombstonesFilename, "the list deletes %s of time", english.Plural(int(n), "span", ""))
	}
	return deleted.Close()
}
