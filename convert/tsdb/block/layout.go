package block

import (
	"encoding/binary"
	"fmt"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// checkBuckets returns an error if a chunk of histograms states more buckets than its
// bytes have room for. The decoders of chunkenc allocate memory for the stated number,
// and a few bytes can state billions.
//
// A chunk begins with the number of histograms, a byte of flags, and the layout: the
// zero threshold, the schema, and the spans of the positive and the negative buckets.
// The first histogram has a value for each bucket of the layout.
func checkBuckets(enc chunkenc.Encoding, data []byte) error {
	if binary.BigEndian.Uint16(data) == 0 {
		return nil // the decoder ignores the layout
	}
	least := uint64(1) // bits of a bucket in the first histogram
	if enc == chunkenc.EncFloatHistogram || enc == chunkenc.EncFloatHistogramST {
		least = 64
	}
	r := bitReader{data: data[histogramHead:]}
	if r.take(8) == 0xff {
		r.take(64) // a zero threshold that is not a power of two
	}
	r.varbit() // schema
	total := uint64(0)
	for range 2 {
		for n := r.varbit(); n > 0 && !r.ended; n-- {
			total += uint64(uint32(r.varbit()))
			r.varbit() // offset
		}
	}
	if r.ended { // some decoders do not notice, and read beyond the data
		return fmt.Errorf("the layout of the histograms is longer than the chunk of %d bytes", len(data))
	}
	if room := uint64(r.left()) / least; total > room {
		return fmt.Errorf("a chunk of %d bytes states %d buckets", len(data), total)
	}
	return nil
}

// histogramHead is the number of bytes before the layout in a chunk of histograms.
const histogramHead = 3

// bitReader reads bits, the highest bit of each byte first. After the last bit it returns
// zeros and sets ended.
type bitReader struct {
	data  []byte
	at    int // bits read
	ended bool
}

// left returns the number of bits not yet read.
func (r *bitReader) left() int { return 8*len(r.data) - r.at }

// take reads n bits, at most 64.
func (r *bitReader) take(n int) (v uint64) {
	if n > r.left() {
		r.at, r.ended = 8*len(r.data), true
		return 0
	}
	for n > 0 {
		size := min(n, 8-r.at%8)
		rest := r.data[r.at/8] << (r.at % 8)
		v = v<<size | uint64(rest>>(8-size))
		r.at += size
		n -= size
	}
	return v
}

// varbit reads a number. A prefix of up to eight one bits gives its size.
func (r *bitReader) varbit() uint64 {
	sizes := [...]int{0, 3, 6, 9, 12, 18, 25, 56, 64}
	ones := 0
	for ones < 8 && r.take(1) == 1 {
		ones++
	}
	return r.take(sizes[ones])
}
