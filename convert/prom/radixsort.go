package prom

import (
	"context"
	"slices"
)

// sort puts recs in order. If ctx ends, the order is that of a part of the passes.
func (s *Sorter) sort(ctx context.Context) error {
	if s.sorted {
		return ctx.Err()
	}
	if cap(s.spare) < len(s.recs) {
		s.spare = make([]sortRec, cap(s.recs))
	}
	s.recs, s.spare = radixSort(ctx, s.recs, s.spare[:len(s.recs)])
	s.sorted = ctx.Err() == nil
	return ctx.Err()
}

// radixSort sorts by time, leaving records of one time in order. It returns the
// sorted records and the other of the two slices, which have one length. It looks at
// ctx before each pass; a pass over a million records takes some milliseconds.
func radixSort(ctx context.Context, recs, spare []sortRec) (sorted, other []sortRec) {
	const (
		bits    = 11
		buckets = 1 << bits
	)
	lo, hi := recs[0].t, recs[0].t
	for i := range recs {
		lo, hi = min(lo, recs[i].t), max(hi, recs[i].t)
	}
	for shift, span := 0, uint64(hi)-uint64(lo); span>>shift != 0 && ctx.Err() == nil; shift += bits {
		var counts [buckets]int
		for i := range recs {
			counts[(uint64(recs[i].t)-uint64(lo))>>shift%buckets]++
		}
		if slices.Max(counts[:]) == len(recs) {
			continue
		}
		at := 0
		for i, n := range counts {
			counts[i] = at
			at += n
		}
		for i := range recs {
			digit := (uint64(recs[i].t) - uint64(lo)) >> shift % buckets
			spare[counts[digit]] = recs[i]
			counts[digit]++
		}
		recs, spare = spare, recs
	}
	return recs, spare
}
