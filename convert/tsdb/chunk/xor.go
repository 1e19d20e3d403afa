package chunk

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/nativehist"
)

const (
	// MaxSamples is the maximum number of samples in a chunk. Prometheus has the same limit,
	// because a reader must decode a chunk from its start.
	MaxSamples = nativehist.SamplesPerChunk
	// BatchSize is the number of samples that XOR encodes at once. Callers should collect
	// this number before they call Append. Consecutive samples belong to different series, so
	// without batches each sample would load another chunk into the processor's cache.
	BatchSize = 8
)

// Sample is a value at a time in milliseconds.
type Sample struct {
	T int64
	V float64
}

// XOR is an unfinished chunk of numbers. It encodes samples to the same bytes as
// [chunkenc.XORChunk] in a third of the time, because it collects bits in a word and
// encodes several samples at once. The zero XOR is empty.
//
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md
// describes the encoding.
type XOR struct {
	data []byte // number of samples as 2 bytes, then bits
	last uint   // number of bits used in data's last byte; 0 means all
	n    int    // number of samples

	mint, maxt int64  // times of the first and the last sample
	step       uint64 // difference between the last two times
	value      uint64 // bits of the last value
	// leading and trailing are the numbers of zeros before and after the significant bits
	// that the encoder last stored.
	leading, trailing uint
}

const (
	// maxSampleSize is the size of the longest sample in bytes: 68 bits for the time
	// and 77 for the value.
	maxSampleSize = 19
	xorHeader     = 2
	// noWindow is a value of XOR.leading that no difference reaches.
	noWindow = 64
)

// NewXOR returns an empty chunk that uses the memory of buf.
func NewXOR(buf []byte) XOR { return XOR{data: buf[:0]} }

// Buffer returns the memory of the chunk.
func (c *XOR) Buffer() []byte { return c.data }

// Len returns the number of samples.
func (c *XOR) Len() int { return c.n }

// Full reports whether the chunk has reached the number of samples or the size at which
// Prometheus begins a new chunk.
func (c *XOR) Full() bool {
	return c.n == MaxSamples || len(c.data) > chunkenc.MaxBytesPerXORChunkBeforeAppend
}

// Reset empties the chunk. It keeps the memory.
func (c *XOR) Reset() { *c = XOR{data: c.data[:0]} }

// Record returns the chunk. The record shares the chunk's memory.
func (c *XOR) Record() Record { return Record{c.mint, c.maxt, chunkenc.EncXOR, c.data} }

// Append adds samples until the chunk is full and returns the remaining samples.
func (c *XOR) Append(samples []Sample) (rest []Sample) {
	for len(samples) > 0 && !c.Full() {
		n := c.appendBatch(samples[:min(len(samples), BatchSize)])
		samples = samples[n:]
	}
	return samples
}

// appendBatch adds at most BatchSize samples and returns their number.
func (c *XOR) appendBatch(samples []Sample) (n int) {
	var buf xorBuffer
	var w bitWriter
	switch {
	case c.n == 0:
		c.data, c.leading, w.pos = c.data[:0], noWindow, xorHeader
	case c.last > 0:
		end := len(c.data) - 1
		w.word, w.used, c.data = uint64(c.data[end])<<56, c.last, c.data[:end]
	}
	for n < len(samples) && c.n < MaxSamples && len(c.data)+w.size() <= chunkenc.MaxBytesPerXORChunkBeforeAppend {
		w = c.add(&buf, w, samples[n].T, math.Float64bits(samples[n].V))
		n++
	}
	c.data = append(c.data, buf[:w.size()]...)
	c.last = w.used
	binary.BigEndian.PutUint16(c.data, uint16(c.n))
	return n
}

// add encodes a sample.
func (c *XOR) add(buf *xorBuffer, w bitWriter, t int64, value uint64) bitWriter {
	step := uint64(t - c.maxt)
	zeros := uint(0) // number of 0 bits to write before the value
	switch {
	case c.n == 0:
		c.mint = t
		w = w.bytes(buf, binary.AppendVarint(nil, t)).long(buf, value, 64)
		c.value = value
	case c.n == 1:
		w = w.bytes(buf, binary.AppendUvarint(nil, step))
	case step == c.step:
		zeros = 1
	default:
		w = w.change(buf, int64(step-c.step))
	}
	if c.n > 0 {
		w = c.addValue(buf, w, zeros, value)
		c.step = step
	}
	c.maxt = t
	c.n++
	return w
}

// addValue writes the given number of zero bits, and then the difference between a value
// and its predecessor.
func (c *XOR) addValue(buf *xorBuffer, w bitWriter, zeros uint, value uint64) bitWriter {
	delta := value ^ c.value
	if delta == 0 {
		return w.put(buf, 0, zeros+1)
	}
	c.value = value
	// The format stores the number of leading zeros in five bits.
	leading, trailing := min(uint(bits.LeadingZeros64(delta)), 31), uint(bits.TrailingZeros64(delta))
	if leading >= c.leading && trailing >= c.trailing {
		return w.put(buf, 0b10, zeros+2).long(buf, delta>>(c.trailing&63), 64-c.leading-c.trailing)
	}
	c.leading, c.trailing = leading, trailing
	size := 64 - leading - trailing
	w = w.put(buf, 0b11<<11|uint64(leading)<<6|uint64(size&63), zeros+13) // 0 stands for 64
	return w.long(buf, delta>>(trailing&63), size)
}

// xorBuffer has room for an encoded batch and one incomplete word.
type xorBuffer [xorHeader + BatchSize*maxSampleSize + 8]byte

// bitWriter is a position in an xorBuffer. Each method returns a new bitWriter by value,
// so the fields stay in registers.
type bitWriter struct {
	pos  int    // number of complete bytes
	word uint64 // the following bits, from the highest bit on
	used uint   // number of bits in word, less than 8
}

// size returns the number of bytes, including an incomplete one.
func (w bitWriter) size() int { return w.pos + int(w.used+7)/8 }

// put writes the lowest n bits of v. The other bits of v must be 0, and n at most 56.
func (w bitWriter) put(buf *xorBuffer, v uint64, n uint) bitWriter {
	w.word |= v << ((64 - w.used - n) & 63)
	w.used += n
	binary.BigEndian.PutUint64(buf[w.pos:], w.word)
	return bitWriter{w.pos + int(w.used/8), w.word << (w.used & 56), w.used & 7}
}

// long writes the lowest n bits of v as put does, but n may be up to 64.
func (w bitWriter) long(buf *xorBuffer, v uint64, n uint) bitWriter {
	if n > 56 {
		w = w.put(buf, v>>32, n-32)
		v, n = v&math.MaxUint32, 32
	}
	return w.put(buf, v, n)
}

// bytes writes whole bytes.
func (w bitWriter) bytes(buf *xorBuffer, p []byte) bitWriter {
	for _, b := range p {
		w = w.put(buf, uint64(b), 8)
	}
	return w
}

// change writes the difference between two consecutive steps of time.
func (w bitWriter) change(buf *xorBuffer, d int64) bitWriter {
	within := func(n uint) bool { return -(1<<(n-1)-1) <= d && d <= 1<<(n-1) }
	low := func(n uint) uint64 { return uint64(d) & (1<<n - 1) }
	switch {
	case within(14):
		return w.put(buf, 0b10<<14|low(14), 2+14)
	case within(17):
		return w.put(buf, 0b110<<17|low(17), 3+17)
	case within(20):
		return w.put(buf, 0b1110<<20|low(20), 4+20)
	}
	return w.put(buf, 0b1111, 4).long(buf, uint64(d), 64)
}
