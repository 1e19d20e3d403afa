package blocks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// copier copies the series of one selection into memory of their own.
type copier struct {
	*querier
	segments   *block.Segments
	mint, maxt int64
	labelsOnly bool
	whole      bool // chunks keep their samples outside of mint and maxt
}

func (q *querier) copier(hints *storage.SelectHints) *copier {
	c := &copier{querier: q, segments: q.segments.Share(), mint: q.mint, maxt: q.maxt}
	if hints != nil {
		c.mint, c.maxt, c.whole, c.labelsOnly = hints.Start, hints.End, hints.DisableTrimming, hints.Func == "series"
	}
	return c
}

// series returns the selected series that have samples.
func (c *copier) series(ctx context.Context, own block.Selectors) (found []storage.Series, err error) {
	postings, err := c.index.Candidates(ctx, own)
	if err != nil {
		return nil, err
	}
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for postings.Next() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ref := postings.At()
		if err := c.index.Series(ref, &builder, &metas); err != nil {
			return nil, fmt.Errorf("index: entry of a series at %d: %w", c.index.SeriesAt(ref), err)
		}
		ls := builder.Labels()
		if !own.Select(ls) {
			continue
		}
		deleted, err := c.deleted.Get(ref)
		if err != nil {
			return nil, err
		}
		s, err := c.one(ls, metas, deleted)
		if err != nil {
			return nil, err
		}
		if s != nil {
			found = append(found, s)
		}
	}
	return found, postings.Err()
}

// one returns a series, nil if it has no samples.
func (c *copier) one(ls labels.Labels, metas []chunks.Meta, deleted tombstones.Intervals) (storage.Series, error) {
	metas = slices.DeleteFunc(metas, func(m chunks.Meta) bool {
		return !m.OverlapsClosedInterval(c.mint, c.maxt) || (tombstones.Interval{Mint: m.MinTime, Maxt: m.MaxTime}).IsSubrange(deleted)
	})
	var all []chunks.Meta
	for _, m := range metas {
		if c.labelsOnly {
			return storage.NewListSeries(block.Extend(owned(ls), c.external), nil), nil
		}
		n, err := c.read(&m, deleted)
		if err != nil {
			return nil, err
		}
		if err := c.budget.take(n); err != nil {
			return nil, err
		}
		if n > 0 {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return chunkSeries(block.Extend(owned(ls), c.external), all), nil
}

// read reads a chunk without its deleted samples and those outside of the selection. It
// returns the number of samples.
func (c *copier) read(m *chunks.Meta, deleted tombstones.Intervals) (n int, err error) {
	enc, data, _, err := c.segments.Read(m.Ref, nil)
	if err != nil {
		return 0, err
	}
	if err := block.CheckEncoding(enc, data); err != nil {
		return 0, err
	}
	if m.Chunk, err = chunkenc.FromData(enc, data); err != nil {
		return 0, err
	}
	p := &partOfChunk{Chunk: m.Chunk, mint: m.MinTime, maxt: m.MaxTime}
	if !c.whole {
		p.mint, p.maxt = max(p.mint, c.mint), min(p.maxt, c.maxt)
	}
	for _, i := range deleted {
		if m.OverlapsClosedInterval(i.Mint, i.Maxt) {
			p.deleted = append(p.deleted, i)
		}
	}
	if p.mint == m.MinTime && p.maxt == m.MaxTime && len(p.deleted) == 0 {
		return m.Chunk.NumSamples(), nil
	}
	m.Chunk = p
	return p.count()
}

// owned returns labels in memory of their own.
func owned(ls labels.Labels) labels.Labels {
	b := labels.NewScratchBuilder(ls.Len())
	ls.Range(func(l labels.Label) { b.Add(strings.Clone(l.Name), strings.Clone(l.Value)) })
	return b.Labels()
}

// chunkSeries returns a series of chunks in memory.
func chunkSeries(ls labels.Labels, all []chunks.Meta) storage.Series {
	entry := &storage.ChunkSeriesEntry{
		Lset:            ls,
		ChunkIteratorFn: func(chunks.Iterator) chunks.Iterator { return storage.NewListChunkSeriesIterator(all...) },
	}
	set := storage.NewSeriesSetFromChunkSeriesSet(&oneChunkSeries{entry: entry})
	set.Next()
	return set.At()
}

// oneChunkSeries is a set of one series.
type oneChunkSeries struct {
	entry storage.ChunkSeries
	done  bool
}

// Next goes to the series, once.
func (s *oneChunkSeries) Next() bool {
	done := s.done
	s.done = true
	return !done
}

// At returns the series.
func (s *oneChunkSeries) At() storage.ChunkSeries { return s.entry }

// Err returns nil.
func (*oneChunkSeries) Err() error { return nil }

// Warnings returns nil.
func (*oneChunkSeries) Warnings() annotations.Annotations { return nil }
