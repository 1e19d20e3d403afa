package prom

import (
	"context"
	"errors"
	"math"
)

// Flush hands on all samples by ascending time and flushes the sink that the Sorter feeds.
func (s *Sorter) Flush(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	if err := s.deliver(ctx); err != nil {
		return err
	}
	return s.dst.Flush(ctx)
}

// Close drops the samples and the file, and closes the sink that the Sorter feeds.
func (s *Sorter) Close() error {
	return errors.Join(s.release(), s.dst.Close())
}

// checkEvery is the number of samples after which Flush checks its context again.
const checkEvery = 1 << 14

// deliver hands on all samples.
func (s *Sorter) deliver(ctx context.Context) error {
	if len(s.runs) == 0 {
		if err := s.sort(ctx); err != nil {
			return err
		}
		s.spare = nil
		for i := range s.recs {
			r := &s.recs[i]
			if err := s.put(r, s.blob(r)); err != nil {
				return err
			}
			if i%checkEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	}
	if err := s.spillOver(ctx); err != nil {
		return err
	}
	if err := s.spill.Flush(); err != nil {
		return err
	}
	s.recs, s.spare, s.blobs = nil, nil, nil
	return s.merge(ctx)
}

// blob returns the data of a histogram or exemplar in memory, nil for a number.
func (s *Sorter) blob(r *sortRec) []byte {
	if r.id&isBlob == 0 {
		return nil
	}
	at, size := r.v>>lengthBits, r.v&maxBlob
	return s.blobs[at : at+size]
}

// put hands on a record.
func (s *Sorter) put(r *sortRec, data []byte) error {
	p := s.series[r.id&^isBlob]
	if s.first != nil {
		if loss := s.first.lossOf(r, data); loss != "" {
			s.report.Add(loss, p.Name)
			return nil
		}
	}
	x := Sample{T: r.t}
	switch {
	case r.id&isBlob == 0:
		x.V = math.Float64frombits(r.v)
	case data[0] == blobHistogram:
		x.Histogram = data[1:]
	default:
		x.Exemplar = &Exemplar{}
		if err := x.Exemplar.UnmarshalBinary(data[1:]); err != nil {
			return err
		}
	}
	s.one[0] = x
	return s.dst.Append(p, s.one[:])
}

// release frees everything. Its error comes from removing the file.
func (s *Sorter) release() error {
	if s.err == nil {
		s.err = errSorterClosed
	}
	s.recs, s.spare, s.blobs, s.series, s.runs = nil, nil, nil, nil, nil
	return s.spill.Close()
}
