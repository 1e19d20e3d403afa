package blocks

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// copied returns a series in memory of its own, nil if it has no samples.
func (q *querier) copied(s storage.ChunkSeries, hints *storage.SelectHints) (storage.Series, error) {
	ls := block.Extend(owned(s.Labels()), q.external)
	if hints != nil && hints.Func == "series" {
		return storage.NewListSeries(ls, nil), nil
	}
	var all []chunks.Meta
	it := s.Iterator(nil)
	for it.Next() {
		m := it.At()
		if err := q.budget.take(m.Chunk.NumSamples()); err != nil {
			return nil, err
		}
		c, err := chunkenc.FromData(m.Chunk.Encoding(), slices.Clone(m.Chunk.Bytes()))
		if err != nil {
			return nil, err
		}
		all = append(all, chunks.Meta{Chunk: c, MinTime: m.MinTime, MaxTime: m.MaxTime})
	}
	if len(all) == 0 {
		return nil, it.Err()
	}
	return chunkSeries(ls, all), it.Err()
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
