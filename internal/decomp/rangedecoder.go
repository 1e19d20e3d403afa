package decomp

import (
	"bufio"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// prob is the probability that a bit is 0, in 1/2048.
type prob = uint16

const half prob = 1 << 10 // a probability of one half

// rangeDecoder decodes bits with adaptive probabilities. It keeps its first
// error and continues with zeros.
type rangeDecoder struct {
	src  *bufio.Reader
	span uint32
	code uint32
	err  error
}

func newRangeDecoder(src *bufio.Reader) rangeDecoder {
	d := rangeDecoder{src: src, span: 1<<32 - 1}
	for range 5 { // the first byte is always 0
		d.code = d.code<<8 | uint32(d.readByte())
	}
	return d
}

func (d *rangeDecoder) readByte() byte {
	b, err := d.src.ReadByte()
	if err != nil && d.err == nil {
		d.err = eof.Early(err)
	}
	return b
}

// bit decodes a bit with probability p and adapts p.
func (d *rangeDecoder) bit(p *prob) (b uint) {
	bound := d.span >> 11 * uint32(*p)
	if d.code < bound {
		d.span = bound
		*p += (1<<11 - *p) >> 5
	} else {
		d.span -= bound
		d.code -= bound
		*p -= *p >> 5
		b = 1
	}
	if d.span < 1<<24 {
		d.span <<= 8
		d.code = d.code<<8 | uint32(d.readByte())
	}
	return b
}

// direct decodes n bits with a fixed probability of one half.
func (d *rangeDecoder) direct(n uint) (bits uint32) {
	for ; n > 0; n-- {
		d.span >>= 1
		b := uint32(0)
		if d.code >= d.span {
			d.code -= d.span
			b = 1
		}
		bits = bits<<1 | b
		if d.span < 1<<24 {
			d.span <<= 8
			d.code = d.code<<8 | uint32(d.readByte())
		}
	}
	return bits
}

// tree decodes n bits, most significant bit first.
func (d *rangeDecoder) tree(probs []prob, n uint) uint {
	m := uint(1)
	for range n {
		m = m<<1 | d.bit(&probs[m])
	}
	return m - 1<<n
}

// reversed decodes n bits, least significant bit first. probs[0] belongs to
// node 1 of the tree.
func (d *rangeDecoder) reversed(probs []prob, n uint) (bits uint32) {
	m := uint(1)
	for i := range n {
		b := d.bit(&probs[m-1])
		m = m<<1 | b
		bits |= uint32(b) << i
	}
	return bits
}
