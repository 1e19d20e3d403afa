package tsdb

import (
	"iter"
	"math"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert"
)

// Store is a [convert.Samples] that keeps all samples, to be read series by
// series: for what is written in another order than that of time. In memory it
// holds what [Blocks] does, the rest waits in one temporary file.
type Store struct {
	b         *Blocks
	exemplars map[int]*chain // by PromSeries.ID
}

var (
	_ convert.StoredExemplars = (*Store)(nil)
	_ convert.ExemplarSamples = (*Store)(nil)
)

// NewStore returns a Store whose file lies in dir.
func NewStore(dir string, r *convert.Report) *Store {
	b := &Blocks{dir: dir, report: r, spill: spill{dir: dir}, start: math.MinInt64, limit: math.MaxInt64}
	return &Store{b: b, exemplars: map[int]*chain{}}
}

// Sample adds a sample, as [Blocks.Sample] does.
func (s *Store) Sample(p *convert.PromSeries, t int64, v float64) error { return s.b.Sample(p, t, v) }

// Series yields the series that have samples, in order of first sight.
func (s *Store) Series() iter.Seq[*convert.PromSeries] {
	return func(yield func(*convert.PromSeries) bool) {
		for _, e := range s.b.live {
			if !yield(e.prom) {
				return
			}
		}
	}
}

// Samples yields the samples of a series by ascending time. After an error there
// are no more. Several series may be read at once, and no samples be added then.
func (s *Store) Samples(p *convert.PromSeries) iter.Seq2[convert.Point, error] {
	return func(yield func(convert.Point, error) bool) {
		if uint(p.ID) >= uint(len(s.b.table)) || s.b.table[p.ID] == nil {
			return
		}
		e := s.b.table[p.ID]
		if !e.live {
			return
		}
		if err := s.b.pack(e); err != nil {
			yield(convert.Point{}, err)
			return
		}
		records, _, err := s.b.spill.read(e.full, nil, nil)
		if err != nil {
			yield(convert.Point{}, err)
			return
		}
		var chunk chunkenc.XORChunk
		var it chunkenc.Iterator
		for _, r := range append(records, e.chunk.record()) {
			chunk.Reset(r.data)
			it = chunk.Iterator(it)
			for it.Next() == chunkenc.ValFloat {
				t, v := it.At()
				if !yield(convert.Point{Time: t, Value: v}, nil) {
					return
				}
			}
			if err := it.Err(); err != nil {
				yield(convert.Point{}, err)
				return
			}
		}
	}
}

// Exemplar adds an exemplar.
func (s *Store) Exemplar(p *convert.PromSeries, t int64, e convert.Exemplar) error {
	data, err := e.AppendBinary(nil)
	if err != nil {
		return err
	}
	c := s.exemplars[p.ID]
	if c == nil {
		c = &chain{}
		s.exemplars[p.ID] = c
	}
	return s.b.spill.put(c, record{mint: t, maxt: t, data: data})
}

// Exemplars yields the exemplars of a series in the order in which they came, as
// Samples does samples.
func (s *Store) Exemplars(p *convert.PromSeries) iter.Seq2[convert.ExemplarAt, error] {
	return func(yield func(convert.ExemplarAt, error) bool) {
		c := s.exemplars[p.ID]
		if c == nil {
			return
		}
		records, _, err := s.b.spill.read(*c, nil, nil)
		if err != nil {
			yield(convert.ExemplarAt{}, err)
			return
		}
		for _, r := range records {
			at := convert.ExemplarAt{Time: r.mint}
			err := at.UnmarshalBinary(r.data)
			if !yield(at, err) || err != nil {
				return
			}
		}
	}
}

// Close removes the file.
func (s *Store) Close() error { return s.b.Discard() }
