package decomp

const (
	chunkBytes = 1 << 16 // longest chunk of LZMA2
	chunkSlack = 1 << 5  // more bytes than one symbol takes
)

// chunkInput holds a chunk, and zeros that follow it. The power of two lets the compiler
// omit the check of an index.
type chunkInput [2 * chunkBytes]byte

// chunkCoder is the range decoder of a chunk that is in memory. Methods take and return
// it by value, so that its fields stay in registers.
type chunkCoder struct {
	span, code uint32
	in         *chunkInput
	pos        int // next byte of in
}

// next reads a byte if the span has become too short.
func (c chunkCoder) next() chunkCoder {
	if c.span < 1<<24 {
		c.span <<= 8
		c.code = c.code<<8 | uint32(c.in[c.pos&(2*chunkBytes-1)])
		c.pos++
	}
	return c
}

// bit decodes a bit with probability p and adapts p.
func (c chunkCoder) bit(p *prob) (chunkCoder, bool) {
	c = c.next()
	v := uint32(*p)
	bound := c.span >> 11 * v
	if c.code < bound {
		c.span = bound
		*p = prob(v + (1<<11-v)>>5)
		return c, false
	}
	c.span -= bound
	c.code -= bound
	*p = prob(v - v>>5)
	return c, true
}

// tree decodes the bits of a tree with as many leaves as there are probabilities, most
// significant bit first.
func (c chunkCoder) tree(probs []prob) (chunkCoder, uint) {
	m := uint(1)
	for m < uint(len(probs)) {
		c = c.next()
		p := &probs[m]
		v := uint32(*p)
		bound := c.span >> 11 * v
		zero := uint32((int64(c.code) - int64(bound)) >> 63) // all ones if the bit is 0
		c.code -= bound &^ zero
		c.span = c.span - bound + (2*bound-c.span)&zero
		*p = prob(v - uint32(int32(v-2017&zero)>>5))
		m = m<<1 + 1 + uint(int(int32(zero)))
	}
	return c, m - uint(len(probs))
}

// reversed decodes n bits, least significant bit first. probs[0] belongs to node 1 of the
// tree.
func (c chunkCoder) reversed(probs []prob, n uint) (chunkCoder, uint32) {
	m, bits := uint(1), uint32(0)
	for i := range n {
		var b bool
		c, b = c.bit(&probs[m-1])
		m <<= 1
		if b {
			m |= 1
			bits |= 1 << i
		}
	}
	return c, bits
}

// direct decodes n bits with a fixed probability of one half.
func (c chunkCoder) direct(n uint) (_ chunkCoder, bits uint32) {
	for ; n > 0; n-- {
		c = c.next()
		c.span >>= 1
		c.code -= c.span
		zero := uint32(int32(c.code) >> 31) // all ones if the bit is 0
		c.code += c.span & zero
		bits = bits<<1 + zero + 1
	}
	return c, bits
}

// matched decodes a literal that follows a match. The byte that the match would have had
// next selects the probabilities until a bit differs from it.
func (c chunkCoder) matched(probs *[lzmaLiteral]prob, expected byte) (chunkCoder, byte) {
	m, match, offset := uint(1), uint(expected), uint(0x100)
	for m < 0x100 {
		match <<= 1
		bit := match & offset
		p := &probs[(offset+bit+m)%lzmaLiteral]
		c = c.next()
		v := uint32(*p)
		bound := c.span >> 11 * v
		zero := uint32((int64(c.code) - int64(bound)) >> 63) // all ones if the bit is 0
		c.code -= bound &^ zero
		c.span = c.span - bound + (2*bound-c.span)&zero
		*p = prob(v - uint32(int32(v-2017&zero)>>5))
		m = m<<1 + 1 + uint(int(int32(zero)))
		offset &= bit ^ uint(int(int32(zero)))
	}
	return c, byte(m)
}

// length decodes the length of a match.
func (c chunkCoder) length(l *lengths, posState uint) (_ chunkCoder, n int) {
	c, long := c.bit(&l.choice)
	if !long {
		c, m := c.tree(l.low[posState][:])
		return c, lzmaLeast + int(m)
	}
	if c, long = c.bit(&l.choice2); !long {
		c, m := c.tree(l.mid[posState][:])
		return c, lzmaLeast + 8 + int(m)
	}
	c, m := c.tree(l.high[:])
	return c, lzmaLeast + 16 + int(m)
}

// distance decodes the distance of a match of n bytes.
func (c chunkCoder) distance(m *lzmaModel, n int) (chunkCoder, uint32) {
	c, tree := c.tree(m.slots[min(n-lzmaLeast, 3)][:])
	slot := uint32(tree)
	if slot < 4 {
		return c, slot
	}
	extra := uint(slot>>1 - 1)
	distance := (2 | slot&1) << extra
	if slot < 14 {
		c, low := c.reversed(m.special[distance-slot:], extra)
		return c, distance + low
	}
	c, high := c.direct(extra - 4)
	c, low := c.reversed(m.align[:], 4)
	return c, distance + high<<4 + low
}
