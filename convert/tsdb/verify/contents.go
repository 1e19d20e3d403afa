package verify

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"unicode/utf8"

	"github.com/prometheus/common/model"
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

// contents is the state of the walk through a block.
type contents struct {
	*findings
	meta  *metaFile
	index *block.Index
	segs  *block.Segments

	last    labels.Labels
	lastRef chunks.ChunkRef
	jumped  bool // BlockChunkRefs was reported
	pairs   map[labels.Label]int
	series  uint64
	chunks  uint64
	floats  uint64
	hists   uint64
	unread  bool // some samples could not be read, so the counts are incomplete
	// aggregated is the number of chunks with aggregates.
	aggregated uint64
	foreign    bool // an unknown encoding was reported
	buf        []byte
	iterator   chunkenc.Iterator
}

// checkContents checks the index, the chunks and the tombstones.
func checkContents(ctx context.Context, s *findings, dir string, m *metaFile) {
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

// walk goes through symbols, series and postings.
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
		c.one(builder.Labels(), metas)
	}
	if p.Err() != nil {
		return p.Err()
	}
	return c.postings(ctx)
}

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

// one checks a series.
func (c *contents) one(lset labels.Labels, metas []chunks.Meta) {
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
			c.add(BlockChunkOutside, "index", "series %s: chunk from %s to %s, and the block is from %s to %s", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), block.FormatTime(c.meta.MinTime), block.FormatTime(c.meta.MaxTime-1))
		}
		if m.Ref <= c.lastRef && !c.jumped {
			c.jumped = true
			c.add(BlockChunkRefs, "index", "series %s: its chunk lies before that of the series before", lset)
		}
		c.lastRef = m.Ref
		c.chunk(lset, m)
	}
}

// labels checks the labels of a series.
func (c *contents) labels(lset labels.Labels) {
	last, any, named, n := "", false, false, 0
	lset.Range(func(l labels.Label) {
		n++
		c.pairs[l]++
		switch {
		case any && l.Name == last:
			c.add(BlockLabelTwice, "index", "series %s: label %s is there twice", lset, l.Name)
		case any && l.Name < last:
			c.add(BlockLabelOrder, "index", "series %s: label %s comes after %s", lset, l.Name, last)
		}
		last, any = l.Name, true
		if l.Name == "" || l.Value == "" {
			c.add(BlockLabelEmpty, "index", "series %s: label %q has the value %q", lset, l.Name, l.Value)
		}
		legacy := model.LegacyValidation.IsValidLabelName(l.Name)
		if l.Name == model.MetricNameLabel {
			named = true
			legacy = model.LegacyValidation.IsValidMetricName(l.Value)
		}
		switch {
		case !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value):
			c.add(BlockLabelUTF8, "index", "series %s: label %q, value %q", lset, l.Name, l.Value)
		case !legacy:
			c.add(BlockLabelLegacy, "index", "series %s: label %s", lset, l.Name)
		}
		if len(l.Name) > mimirNameLength {
			c.add(BlockLimitName, "index", "series %s: a label name of %d bytes", lset, len(l.Name))
		}
		if len(l.Value) > mimirTextLength {
			c.add(BlockLimitValue, "index", "series %s: label %s has a value of %d bytes", short(lset), l.Name, len(l.Value))
		}
	})
	if !named {
		c.add(BlockLabelName, "index", "series %s has no metric name", lset)
	}
	if n > mimirLabelNames {
		c.add(BlockLimitLabels, "index", "series %s has %d labels", lset, n)
	}
}

// short returns the text of a series, with long labels cut off.
func short(lset labels.Labels) string {
	const most = 200
	text := lset.String()
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
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
			c.add(BlockPostings, "index", "the list of %s=%q has %d series, and %d have the label", l.Name, l.Value, n, want)
		}
		delete(c.pairs, l)
	}
	for l, n := range c.pairs {
		c.add(BlockPostings, "index", "there is no list of %s=%q, which %d series have", l.Name, l.Value, n)
	}
	return nil
}

// chunk reads a chunk.
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

// aggregates checks a chunk that Thanos downsampled. Other systems cannot read a block
// with such chunks, which it reports once.
func (c *contents) aggregates(lset labels.Labels, m chunks.Meta, data []byte) {
	c.unread = true
	if c.meta.Thanos.Resolution() == 0 && c.aggregated == 0 {
		c.add(BlockDownsampled, "chunks", "chunks have aggregates as Thanos writes them, and meta.json does not say so")
	}
	c.aggregated++
	if c.o.Target != Thanos {
		return
	}
	if _, err := block.SplitAggregates(data); err != nil {
		c.add(BlockAggregates, "chunks", "series %s: chunk from %s to %s: %v", lset, block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime), err)
	}
}

// samples reads the samples of a chunk.
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
		return fmt.Errorf("%d samples, and it says %d", n, chunk.NumSamples())
	case n == 0:
		return errors.New("it has no samples")
	case last != m.MaxTime:
		return fmt.Errorf("the last sample is at %s", block.FormatTime(last))
	}
	return nil
}

// stats compares the numbers in meta.json with the contents. Older writers do not count
// numbers and histograms separately.
func (c *contents) stats() {
	s := c.meta.Stats
	for _, n := range []struct {
		what       string
		said, have uint64
		skip       bool
	}{
		{"series", s.Series, c.series, false},
		{"chunks", s.Chunks, c.chunks, false},
		{"samples", s.Samples, c.floats + c.hists, c.unread},
		{"samples with a number", s.Floats, c.floats, c.unread || s.Floats+s.Histograms == 0},
		{"native histograms", s.Histograms, c.hists, c.unread || s.Floats+s.Histograms == 0},
	} {
		if n.said != n.have && !n.skip {
			c.add(BlockStats, block.MetaName, "%d %s, and the block has %d", n.said, n.what, n.have)
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
		c.add(BlockDeleted, tombstones.TombstonesFilename, "%d deleted spans of time", n)
	}
	return deleted.Close()
}
