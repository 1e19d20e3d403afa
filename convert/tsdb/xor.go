package tsdb

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// xorChunk is a chunk of numbers that is being written. Its bytes are those that
// [chunkenc.XORChunk] has for the same samples; it takes a third of the time, as
// it gathers bits in a word and takes several samples in one go. The zero
// xorChunk is empty.
//
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md
// describes the encoding.
type xorChunk struct {
	data []byte // number of samples 2, then bits
	last uint   // bits used of the last byte of data; 0: all
	n    int    // samples

	mint, maxt int64  // of the samples
	step       uint64 // between the last two times
	value      uint64 // the last one's bits
	// The significant bits of the last value that was not like the one before lie
	// between so many zeros.
	leading, trailing uint
}

const (
	// maxSampleSize is what a sample takes at most: 68 bits for the time and 77
	// for the value.
	maxSampleSize = 19
	xorHeader     = 2
	// noWindow is more leading zeros than there can be.
	noWindow = 64
)

// full reports whether a chunk has as many samples as Prometheus puts into one,
// or might become longer than it allows.
func (c *xorChunk) full() bool {
	return c.n == samplesPerChunk || len(c.data) > chunkenc.MaxBytesPerXORChunkBeforeAppend
}

// reset empties the chunk. It keeps the memory.
func (c *xorChunk) reset() { *c = xorChunk{data: c.data[:0]} }

// record returns the chunk as it is written. Its data are the chunk's.
func (c *xorChunk) record() record { return record{c.mint, c.maxt, chunkenc.EncXOR, c.data} }

// append adds samples until the chunk is full and returns those left over.
func (c *xorChunk) append(samples []sample) (rest []sample) {
	for len(samples) > 0 && !c.full() {
		n := c.appendBatch(samples[:min(len(samples), batchSize)])
		samples = samples[n:]
	}
	return samples
}

// appendBatch adds at most batchSize samples and returns how many fit.
func (c *xorChunk) appendBatch(samples []sample) (n int) {
	var buf xorBuffer
	var w bitWriter
	switch {
	case c.n == 0:
		c.data, c.leading, w.pos = c.data[:0], noWindow, xorHeader
	case c.last > 0:
		end := len(c.data) - 1
		w.word, w.used, c.data = uint64(c.data[end])<<56, c.last, c.data[:end]
	}
	for n < len(samples) && c.n < samplesPerChunk && len(c.data)+w.size() <= chunkenc.MaxBytesPerXORChunkBeforeAppend {
		w = c.add(&buf, w, samples[n].t, math.Float64bits(samples[n].v))
		n++
	}
	c.data = append(c.data, buf[:w.size()]...)
	c.last = w.used
	binary.BigEndian.PutUint16(c.data, uint16(c.n))
	return n
}

// add writes a sample.
func (c *xorChunk) add(buf *xorBuffer, w bitWriter, t int64, value uint64) bitWriter {
	step := uint64(t - c.maxt)
	zeros := uint(0) // bits that are 0 before what is written next
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

// addValue writes how a value differs from the one before it, preceded by zeros.
func (c *xorChunk) addValue(buf *xorBuffer, w bitWriter, zeros uint, value uint64) bitWriter {
	delta := value ^ c.value
	if delta == 0 {
		return w.put(buf, 0, zeros+1)
	}
	c.value = value
	// There are five bits for the number of leading zeros.
	leading, trailing := min(uint(bits.LeadingZeros64(delta)), 31), uint(bits.TrailingZeros64(delta))
	if leading >= c.leading && trailing >= c.trailing {
		return w.put(buf, 0b10, zeros+2).long(buf, delta>>(c.trailing&63), 64-c.leading-c.trailing)
	}
	c.leading, c.trailing = leading, trailing
	size := 64 - leading - trailing
	w = w.put(buf, 0b11<<11|uint64(leading)<<6|uint64(size&63), zeros+13) // 0 stands for 64
	return w.long(buf, delta>>(trailing&63), size)
}

// xorBuffer has room for what a batch adds, and for a word that is not complete.
type xorBuffer [xorHeader + batchSize*maxSampleSize + 8]byte

// bitWriter is how far bits are written to an xorBuffer. It is a value that each
// step hands on to the next, so that it stays in registers.
type bitWriter struct {
	pos  int    // bytes that are complete
	word uint64 // what follows them, from the highest bit
	used uint   // bits of word, fewer than 8
}

// size returns the number of bytes begun.
func (w bitWriter) size() int { return w.pos + int(w.used+7)/8 }

// put writes the lowest n bits of v, of which the others are 0; n is at most 56.
func (w bitWriter) put(buf *xorBuffer, v uint64, n uint) bitWriter {
	w.word |= v << ((64 - w.used - n) & 63)
	w.used += n
	binary.BigEndian.PutUint64(buf[w.pos:], w.word)
	return bitWriter{w.pos + int(w.used/8), w.word << (w.used & 56), w.used & 7}
}

// long is put for up to 64 bits.
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

// change writes by how much the step between two times differs from the one
// before.
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
