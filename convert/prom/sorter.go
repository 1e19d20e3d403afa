package prom

import (
	"context"
	"errors"
	"fmt"
	"math"

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
		if err := s.spillOver(context.Background()); err != nil {
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
	return s.spillOver(context.Background())
}

// spillOver moves recs to the file as a sorted run.
func (s *Sorter) spillOver(ctx context.Context) error {
	if len(s.recs) == 0 {
		return nil
	}
	if err := s.sort(ctx); err != nil {
		return err
	}
	run, err := writeRun(&s.spill, s.recs, s.blobs)
	if err != nil {
		return s.fail(err)
	}
	s.runs = append(s.runs, run)
	s.recs, s.blobs = s.recs[:0], s.blobs[:0]
	return nil
}

// errSorterClosed is the error of a Sorter that was closed.
var errSorterClosed = errors.New("convert: sample after the end of its sorter")

// fail ends s with an error.
func (s *Sorter) fail(err error) error {
	s.err = fmt.Errorf("sorting: %w", err)
	return errors.Join(s.err, s.release())
}
