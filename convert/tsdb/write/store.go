package write

import (
	"context"
	"iter"
	"math"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// Store is a [prom.SampleSink] that keeps all samples, so that they can be read series by
// series. Text is written in that order. Store needs as much memory as [Blocks]; the full
// chunks wait in one temporary file.
type Store struct {
	b         *Blocks
	exemplars map[int]*chunk.Chain // by prom.Series.ID
}

var (
	_ prom.SampleStore = (*Store)(nil)
	_ prom.SampleSink  = (*Store)(nil)
)

// NewStore returns a Store whose temporary file is in dir.
func NewStore(dir string, r *prom.Report) *Store {
	b := &Blocks{dir: dir, report: r, spill: chunk.NewFile(dir), start: math.MinInt64, limit: math.MaxInt64}
	return &Store{b: b, exemplars: map[int]*chunk.Chain{}}
}

// Append adds numbers, as [Blocks.Append] does, and exemplars. It counts native histograms
// as lost, because they have no form as text.
func (s *Store) Append(p *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		var err error
		switch {
		case x.Exemplar != nil:
			err = s.addExemplar(p, x)
		case x.Histogram != nil:
			s.b.report.Add(prom.LossNativeHist, p.Name)
		default:
			err = s.b.addNumber(p, x.T, x.V)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Flush does nothing: samples can be read at any time.
func (s *Store) Flush(context.Context) error { return nil }

// Series yields the series that have samples, in the order of their first samples.
func (s *Store) Series() iter.Seq[*prom.Series] {
	return func(yield func(*prom.Series) bool) {
		for _, e := range s.b.live {
			if !yield(e.prom) {
				return
			}
		}
	}
}

// Empty reports whether no series has a sample.
func (s *Store) Empty() bool { return len(s.b.live) == 0 }

// Samples yields the samples of a series by ascending time. An error ends the iteration.
// Several series may be read at once. No samples may be added during that.
func (s *Store) Samples(p *prom.Series) iter.Seq2[prom.Sample, error] {
	return func(yield func(prom.Sample, error) bool) {
		if uint(p.ID) >= uint(len(s.b.table)) || s.b.table[p.ID] == nil {
			return
		}
		e := s.b.table[p.ID]
		if !e.live {
			return
		}
		if err := s.b.pack(e); err != nil {
			yield(prom.Sample{}, err)
			return
		}
		records, _, err := s.b.spill.Read(e.full, nil, nil)
		if err != nil {
			yield(prom.Sample{}, err)
			return
		}
		var xor chunkenc.XORChunk
		var it chunkenc.Iterator
		for _, r := range append(records, e.chunk.Record()) {
			xor.Reset(r.Data)
			it = xor.Iterator(it)
			for it.Next() == chunkenc.ValFloat {
				t, v := it.At()
				if !yield(prom.Sample{T: t, V: v}, nil) {
					return
				}
			}
			if err := it.Err(); err != nil {
				yield(prom.Sample{}, err)
				return
			}
		}
	}
}

// addExemplar adds an exemplar.
func (s *Store) addExemplar(p *prom.Series, x *prom.Sample) error {
	data, err := x.Exemplar.AppendBinary(nil)
	if err != nil {
		return err
	}
	c := s.exemplars[p.ID]
	if c == nil {
		c = &chunk.Chain{}
		s.exemplars[p.ID] = c
	}
	return s.b.spill.Put(c, chunk.Record{MinTime: x.T, MaxTime: x.T, Data: data})
}

// Exemplars yields the exemplars of a series in the order in which they were added. An error
// ends the iteration.
func (s *Store) Exemplars(p *prom.Series) iter.Seq2[prom.Sample, error] {
	return func(yield func(prom.Sample, error) bool) {
		c := s.exemplars[p.ID]
		if c == nil {
			return
		}
		records, _, err := s.b.spill.Read(*c, nil, nil)
		if err != nil {
			yield(prom.Sample{}, err)
			return
		}
		for _, r := range records {
			at := prom.Sample{T: r.MinTime, Exemplar: &prom.Exemplar{}}
			err := at.Exemplar.UnmarshalBinary(r.Data)
			if !yield(at, err) || err != nil {
				return
			}
		}
	}
}

// Close removes the temporary file.
func (s *Store) Close() error { return s.b.Close() }
