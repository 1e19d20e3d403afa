package read

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	promrecord "github.com/prometheus/prometheus/tsdb/record"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// walHistograms reports an error unless the numbers of spans and buckets that a
// record of native histograms states are there. Prometheus' decoder trusts them.
func walHistograms(rec []byte) error {
	kind := promrecord.Type(rec[0])
	dated := kind == promrecord.HistogramSamplesV2 || kind == promrecord.FloatHistogramSamplesV2
	float := kind == promrecord.FloatHistogramSamples || kind == promrecord.CustomBucketsFloatHistogramSamples || kind == promrecord.FloatHistogramSamplesV2
	f := fields{b: rec[1:]}
	if !f.more() {
		return nil
	}
	if dated {
		f.skip(3) // series, time and start of the first sample
	} else {
		f.take(16)
	}
	for first := true; f.more(); first = false {
		switch {
		case !dated:
			f.skip(2)
		case !first:
			const noStart, sameStart = 0, 1
			f.skip(2)
			if mark := f.uint8(); mark != noStart && mark != sameStart {
				f.skip(1)
			}
		}
		f.histogram(float)
	}
	return f.err()
}

// skip passes over n numbers of variable length.
func (f *fields) skip(n uint64) {
	for ; n > 0 && !f.bad; n-- {
		f.uvarint()
	}
}

// histogram passes over a histogram, of floats or of integers.
func (f *fields) histogram(float bool) {
	f.uint8() // reset hint
	schema := f.varint()
	f.uint64() // zero threshold
	if float {
		f.take(16)
	} else {
		f.skip(2)
	}
	f.uint64() // sum
	for range 2 {
		for n := f.uvarint(); n > 0 && !f.bad; n-- {
			f.skip(2)
		}
	}
	for range 2 {
		if n := f.uvarint(); float {
			f.numbers(n)
		} else {
			f.skip(n)
		}
	}
	if histogram.IsCustomBucketsSchema(int32(schema)) {
		f.numbers(f.uvarint())
	}
}

// numbers passes over n numbers of 8 bytes.
func (f *fields) numbers(n uint64) {
	if n > math.MaxUint64/8 {
		f.bad = true
	}
	f.take(n * 8)
}

// Encodings of chunks in a head's file: times, each with the length of some data
// and the data.
const (
	encHistograms chunkenc.Encoding = 0xff // a native histogram, as convert/nativehist has it
	encExemplars  chunkenc.Encoding = 0xfe // exemplars, each with its length
)

// storedBytes is about how much data of a series waits for the file.
const storedBytes = 2 << 10

// headHistograms are the native histograms of a series that are not in the file.
type headHistograms struct {
	open, late []headHistogram // late ones came after later ones
	size       int
	maxt       int64
}

type headHistogram struct {
	t    int64
	data []byte
}

// histogram adds a native histogram.
func (h *head) histogram(ref uint64, t int64, ih *histogram.Histogram, fh *histogram.FloatHistogram) error {
	if nativehist.IsStale(ih, fh) {
		return h.sample(ref, t, prom.StaleNaN)
	}
	s := h.series(ref, t)
	if s == nil {
		return nil
	}
	data, err := encodeValid(ih, fh)
	if err != nil {
		h.lost(prom.LossUndecodable, ref)
		return nil
	}
	if s.hist == nil {
		s.hist = &headHistograms{maxt: math.MinInt64}
	}
	k := s.hist
	switch {
	case t == k.maxt:
		return nil
	case t < k.maxt:
		k.late = append(k.late, headHistogram{t, data})
	default:
		k.open, k.maxt = append(k.open, headHistogram{t, data}), t
	}
	if k.size += len(data); k.size >= storedBytes {
		return h.packHistograms(s)
	}
	return nil
}

// encodeValid returns the data of a histogram that is consistent.
func encodeValid(h *histogram.Histogram, fh *histogram.FloatHistogram) ([]byte, error) {
	var err error
	if fh != nil {
		err = fh.Validate()
	} else {
		err = h.Validate()
	}
	if err != nil {
		return nil, err
	}
	return nativehist.Encode(h, fh)
}

// packHistograms moves the histograms of a series to the file.
func (h *head) packHistograms(s *headSeries) error {
	k := s.hist
	if k == nil {
		return nil
	}
	for _, list := range [][]headHistogram{k.open, k.late} {
		if len(list) == 0 {
			continue
		}
		slices.SortStableFunc(list, func(a, b headHistogram) int { return cmp.Compare(a.t, b.t) })
		var data []byte
		for i, p := range list {
			if i > 0 && p.t == list[i-1].t {
				continue // the first counts
			}
			data = appendStored(data, p.t, p.data)
		}
		if err := h.store(&s.chunks, chunk.Record{MinTime: list[0].t, MaxTime: list[len(list)-1].t, Encoding: encHistograms, Data: data}); err != nil {
			return err
		}
	}
	clear(k.open)
	clear(k.late)
	k.open, k.late, k.size = k.open[:0], k.late[:0], 0
	return nil
}

// appendStored appends what a stored iterates over.
func appendStored(b []byte, t int64, data []byte) []byte {
	b = binary.AppendUvarint(binary.AppendVarint(b, t), uint64(len(data)))
	return append(b, data...)
}

// stored iterates over a chunk of an encoding of a head's own.
type stored struct {
	rest fields
	t    int64
	data []byte
}

var _ chunkenc.Iterator = (*stored)(nil)

// Next moves to the next time.
func (s *stored) Next() chunkenc.ValueType {
	if !s.rest.more() {
		return chunkenc.ValNone
	}
	s.t = s.rest.varint()
	if s.data = s.rest.take(s.rest.uvarint()); s.rest.bad {
		return chunkenc.ValNone
	}
	return chunkenc.ValHistogram
}

// Seek moves to the first time that is not before t.
func (s *stored) Seek(t int64) chunkenc.ValueType {
	for {
		if kind := s.Next(); kind == chunkenc.ValNone || s.t >= t {
			return kind
		}
	}
}

// At returns the time: there are no numbers.
func (s *stored) At() (int64, float64) { return s.t, 0 }

// AtHistogram returns the time.
func (s *stored) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return s.t, nil
}

// AtFloatHistogram returns the time.
func (s *stored) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return s.t, nil
}

// AtT returns the time.
func (s *stored) AtT() int64 { return s.t }

// AtST returns 0: no start is known.
func (*stored) AtST() int64 { return 0 }

// Err returns what ended the iteration early.
func (s *stored) Err() error {
	if s.rest.bad {
		return errors.New("a chunk of the temporary file ends early")
	}
	return nil
}
