package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/internal/spill"
)

// DefaultSorterMemory is the memory for the samples of a Sorter, in bytes.
const DefaultSorterMemory = 48 << 20

// SorterOptions bound a Sorter.
type SorterOptions struct {
	// Memory bounds the samples in memory, in bytes; sorting takes half of it. Zero
	// means DefaultSorterMemory. Further samples go to a temporary file, at about 10
	// bytes each. Series take more memory, without a bound.
	Memory int64
	Dir    string  // folder of the temporary file; "" means the system's
	Report *Report // may be nil
	// KeepFirst hands on only the first of several samples of one series and time,
	// as Prometheus does, and counts the others as LossDuplicate.
	KeepFirst bool
}

// Sorter is a [SampleSink] that takes samples in any order. Flush hands them on by
// ascending time; samples of one time keep their order. A Sorter is for one
// goroutine.
type Sorter struct {
	dst    SampleSink
	one    [1]Sample // the batch that dst gets
	report *Report
	series []*Series // by ID

	recs   []sortRec // samples in memory, in their order of arrival until sorted
	spare  []sortRec // buffer for sorting recs
	limit  int       // the most recs in memory
	blobs  []byte    // data of the histograms and exemplars in recs
	sorted bool      // recs are in order
	runs   []sortRun // in the spill file
	spill  spill.File
	memory int64
	err    error // the error that ended the Sorter; nil while it works

	first *firstOnly // nil without KeepFirst
}

// sortRec is a sample. For numbers, v has the bits of the float64. For histograms
// and exemplars, v packs offset and length in blobs; the first byte there is the
// kind.
type sortRec struct {
	t  int64
	v  uint64
	id uint32 // series, with isBlob
}

const (
	sortRecSize = 24
	isBlob      = 1 << 31
	lengthBits  = 24
	maxBlob     = 1<<lengthBits - 1
	minSortRecs = 1024

	blobHistogram = 'h'
	blobExemplar  = 'e'
)

// NewSorter returns a Sorter that feeds dst and owns it.
func NewSorter(dst SampleSink, o SorterOptions) *Sorter {
	if o.Memory <= 0 {
		o.Memory = DefaultSorterMemory
	}
	limit := min(max(o.Memory/2/sortRecSize, minSortRecs), math.MaxInt32/sortRecSize)
	s := &Sorter{
		dst: dst, report: o.Report, limit: int(limit), memory: o.Memory,
		sorted: true, spill: spill.New(o.Dir, sortBuffer),
	}
	if o.KeepFirst {
		s.first = &firstOnly{}
	}
	return s
}

// Append takes samples.
func (s *Sorter) Append(p *Series, batch []Sample) error {
	for i := range batch {
		x := &batch[i]
		var err error
		switch {
		case x.Exemplar != nil:
			err = s.addExemplar(p, x)
		case x.Histogram != nil:
			err = s.addBlob(p, x.T, blobHistogram, x.Histogram)
		default:
			err = s.add(p, x.T, math.Float64bits(x.V), 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sorter) addExemplar(p *Series, x *Sample) error {
	data, err := x.Exemplar.AppendBinary(nil)
	if err != nil {
		return err
	}
	return s.addBlob(p, x.T, blobExemplar, data)
}

// addBlob adds a histogram or an exemplar.
func (s *Sorter) addBlob(p *Series, t int64, kind byte, data []byte) error {
	size := len(data) + 1
	if size > maxBlob {
		return fmt.Errorf("%s: native histogram or exemplar of %d bytes", p.Name, len(data))
	}
	if int64(len(s.blobs)+size) > s.memory/2 {
		if err := s.spillOver(); err != nil {
			return err
		}
	}
	if len(s.recs) == cap(s.recs) { // grow now: add might spill the data that follows
		if err := s.grow(); err != nil {
			return err
		}
	}
	at := uint64(len(s.blobs))<<lengthBits | uint64(size)
	s.blobs = append(append(s.blobs, kind), data...)
	return s.add(p, t, at, isBlob)
}

func (s *Sorter) add(p *Series, t int64, v uint64, flag uint32) error {
	if uint(p.ID) >= uint(len(s.series)) || s.series[p.ID] == nil {
		if err := s.admit(p); err != nil {
			return err
		}
	}
	n := len(s.recs)
	if n == cap(s.recs) {
		if err := s.grow(); err != nil {
			return err
		}
		n = len(s.recs)
	}
	if n > 0 && t < s.recs[n-1].t {
		s.sorted = false
	}
	s.recs = append(s.recs, sortRec{t, v, uint32(p.ID) | flag})
	return nil
}

// admit notes a series.
func (s *Sorter) admit(p *Series) error {
	if s.err != nil {
		return s.err
	}
	if p.ID < 0 || uint64(p.ID) >= isBlob {
		return s.fail(fmt.Errorf("%s: series number %d is out of range", p.Name, p.ID))
	}
	for p.ID >= len(s.series) {
		s.series = append(s.series, nil)
	}
	s.series[p.ID] = p
	return nil
}

// grow makes room for a record.
func (s *Sorter) grow() error {
	if s.err != nil {
		return s.err
	}
	if len(s.recs) < s.limit {
		next := make([]sortRec, len(s.recs), min(max(2*len(s.recs), minSortRecs), s.limit))
		copy(next, s.recs)
		s.recs = next
		return nil
	}
	return s.spillOver()
}

// sort puts recs in order.
func (s *Sorter) sort() {
	if s.sorted {
		return
	}
	if cap(s.spare) < len(s.recs) {
		s.spare = make([]sortRec, cap(s.recs))
	}
	s.recs, s.spare = radixSort(s.recs, s.spare[:len(s.recs)])
	s.sorted = true
}

// spillOver moves recs to the file as a sorted run.
func (s *Sorter) spillOver() error {
	if len(s.recs) == 0 {
		return nil
	}
	s.sort()
	run, err := writeRun(&s.spill, s.recs, s.blobs)
	if err != nil {
		return s.fail(err)
	}
	s.runs = append(s.runs, run)
	s.recs, s.blobs = s.recs[:0], s.blobs[:0]
	return nil
}

// Flush hands on all samples by ascending time and flushes what the Sorter feeds.
func (s *Sorter) Flush(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	if err := s.deliver(ctx); err != nil {
		return err
	}
	return s.dst.Flush(ctx)
}

// Close drops the samples and the file, and closes what the Sorter feeds.
func (s *Sorter) Close() error {
	return errors.Join(s.release(), s.dst.Close())
}

// checkEvery is the number of samples after which Flush checks its context again.
const checkEvery = 1 << 14

// deliver hands on all samples.
func (s *Sorter) deliver(ctx context.Context) error {
	if len(s.runs) == 0 {
		s.sort()
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
	if err := s.spillOver(); err != nil {
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

// errSorterClosed is the error of a Sorter that was closed.
var errSorterClosed = errors.New("convert: sample after the end of its sorter")

// release frees everything. Its error comes from removing the file.
func (s *Sorter) release() error {
	if s.err == nil {
		s.err = errSorterClosed
	}
	s.recs, s.spare, s.blobs, s.series, s.runs = nil, nil, nil, nil, nil
	return s.spill.Close()
}

// fail ends s with an error.
func (s *Sorter) fail(err error) error {
	s.err = fmt.Errorf("sorting: %w", err)
	return errors.Join(s.err, s.release())
}

// radixSort sorts by time, leaving records of one time in order. It returns the
// sorted records and the other of the two slices, which have one length.
func radixSort(recs, spare []sortRec) (sorted, other []sortRec) {
	const (
		bits    = 11
		buckets = 1 << bits
	)
	lo, hi := recs[0].t, recs[0].t
	for i := range recs {
		lo, hi = min(lo, recs[i].t), max(hi, recs[i].t)
	}
	for shift, span := 0, uint64(hi)-uint64(lo); span>>shift != 0; shift += bits {
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
