package wal

import (
	"encoding/binary"
	"errors"
	"iter"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Encodings of chunks that only a [Log] has. Such a chunk holds times, each with some
// data. [NewIterator] reads it.
const (
	EncHistograms chunkenc.Encoding = 0xff // the data is one native histogram, as convert/nativehist encodes it
	EncExemplars  chunkenc.Encoding = 0xfe // the data is the exemplars of one sample; see Exemplars
)

// Iterator iterates over a chunk of the encoding [EncHistograms] or [EncExemplars].
type Iterator struct {
	rest fields
	t    int64
	data []byte
}

var _ chunkenc.Iterator = (*Iterator)(nil)

// NewIterator returns an iterator over a chunk.
func NewIterator(data []byte) *Iterator { return &Iterator{rest: fields{b: data}} }

// appendEntry appends an entry that an Iterator reads.
func appendEntry(b []byte, t int64, data []byte) []byte {
	b = binary.AppendUvarint(binary.AppendVarint(b, t), uint64(len(data)))
	return append(b, data...)
}

// Next moves to the next entry. The type is ValHistogram for exemplars, too.
func (it *Iterator) Next() chunkenc.ValueType {
	if !it.rest.more() {
		return chunkenc.ValNone
	}
	it.t = it.rest.varint()
	if it.data = it.rest.take(it.rest.uvarint()); it.rest.bad {
		return chunkenc.ValNone
	}
	return chunkenc.ValHistogram
}

// Seek moves to the first entry that is not before t.
func (it *Iterator) Seek(t int64) chunkenc.ValueType {
	for {
		if kind := it.Next(); kind == chunkenc.ValNone || it.t >= t {
			return kind
		}
	}
}

// Data returns the data of the current entry. It shares the memory of the chunk.
func (it *Iterator) Data() []byte { return it.data }

// At returns the time of the current entry. There are no numbers.
func (it *Iterator) At() (int64, float64) { return it.t, 0 }

// AtHistogram returns the time of the current entry. Data returns the histogram.
func (it *Iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return it.t, nil
}

// AtFloatHistogram returns the time of the current entry. Data returns the histogram.
func (it *Iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return it.t, nil
}

// AtT returns the time of the current entry.
func (it *Iterator) AtT() int64 { return it.t }

// AtST returns 0: a log keeps no start times here.
func (*Iterator) AtST() int64 { return 0 }

// Err returns the error that ended the iteration early.
func (it *Iterator) Err() error {
	if it.rest.bad {
		return errors.New("a chunk of the temporary file ends early")
	}
	return nil
}

// Exemplars iterates over the exemplars in the data of one entry of a chunk of the
// encoding [EncExemplars]. An error ends the iteration.
func Exemplars(data []byte) iter.Seq2[*prom.Exemplar, error] {
	return func(yield func(*prom.Exemplar, error) bool) {
		for f := (fields{b: data}); f.more(); {
			var e prom.Exemplar
			if err := e.UnmarshalBinary(f.take(f.uvarint())); err != nil {
				yield(nil, err)
				return
			}
			if !yield(&e, nil) {
				return
			}
		}
	}
}
