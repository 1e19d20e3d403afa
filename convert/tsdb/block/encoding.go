package block

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// UnknownEncoding is the error for a chunk in an encoding that this program does not
// know. A later Prometheus may have written the chunk, so the error does not mean damage.
type UnknownEncoding chunkenc.Encoding

// Error names the encoding.
func (e UnknownEncoding) Error() string {
	return fmt.Sprintf("chunks of encoding %d, which this program does not know", uint8(e))
}

// CheckEncoding returns an error unless package chunkenc can decode a chunk. The
// decoders of chunkenc read the head of a chunk without checking its length, and
// allocate memory for as many buckets as the chunk states.
func CheckEncoding(enc chunkenc.Encoding, data []byte) error {
	least := 2
	switch enc {
	case chunkenc.EncXOR:
	case chunkenc.EncXOR2, chunkenc.EncHistogram, chunkenc.EncFloatHistogram,
		chunkenc.EncHistogramST, chunkenc.EncFloatHistogramST:
		least = 3
	default:
		return UnknownEncoding(enc)
	}
	if len(data) < least {
		return fmt.Errorf("a chunk of %s has no head", english.Plural(len(data), "byte", ""))
	}
	switch enc {
	case chunkenc.EncHistogram, chunkenc.EncFloatHistogram, chunkenc.EncHistogramST, chunkenc.EncFloatHistogramST:
		return checkBuckets(enc, data)
	}
	return nil
}

// EncAggregates is the encoding of chunks that Thanos downsampled. Such a chunk holds
// up to five chunks in this order:
//
//	count, sum, min, max, counter
//
// A sample of such a chunk summarizes the original samples of a window of time. Its own
// time is the last millisecond of the window. Each chunk is stored as the length of its
// data in a uvarint; if the length is not 0, a byte with the encoding and the data follow.
//
// The counter continues over resets of the original series. Its first sample is the first value
// of the original series, at the original time. Its last sample is the last value of
// the original series, at the time of the last window. These two reveal resets
// between chunks.
const EncAggregates chunkenc.Encoding = 0xff

// Aggregates holds the chunks in a chunk of EncAggregates. A missing chunk is nil.
type Aggregates struct {
	Count, Sum, Min, Max, Counter chunkenc.Chunk
}

// ErrAggregates means that a chunk of EncAggregates cannot be read.
var ErrAggregates = errors.New("a chunk of aggregates cannot be read")

// SplitAggregates returns the chunks in a chunk of EncAggregates.
func SplitAggregates(data []byte) (all Aggregates, err error) {
	for i, dst := range []*chunkenc.Chunk{&all.Count, &all.Sum, &all.Min, &all.Max, &all.Counter} {
		size, n := binary.Uvarint(data)
		if n <= 0 {
			return all, fmt.Errorf("%w: aggregate %d has no length", ErrAggregates, i)
		}
		if data = data[n:]; size == 0 {
			continue
		}
		if size >= uint64(len(data)) {
			return all, fmt.Errorf("%w: aggregate %d goes past the end", ErrAggregates, i)
		}
		enc := chunkenc.Encoding(data[0])
		body := data[1 : 1+size]
		if err := CheckEncoding(enc, body); err != nil {
			return all, fmt.Errorf("%w: aggregate %d: %w", ErrAggregates, i, err)
		}
		c, err := chunkenc.FromData(enc, body)
		if err != nil {
			return all, fmt.Errorf("%w: aggregate %d: %w", ErrAggregates, i, err)
		}
		*dst, data = c, data[1+size:]
	}
	if len(data) > 0 {
		return all, fmt.Errorf("%w: %s after the last aggregate", ErrAggregates, english.Plural(len(data), "byte", ""))
	}
	return all, nil
}
