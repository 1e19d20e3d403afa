package decomp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// A .Z file is a sequence of codes of 9 to 16 bits, least significant bit
// first, in groups of eight codes of one width. Where the width changes, the
// rest of a group is unused.
//
//	magic 2 | longest code 5 bits, unused 2, code 256 clears the table 1 | codes
const (
	lzwLiterals = 256
	lzwClear    = 256
	lzwLeast    = 9
	lzwMost     = 16
)

var errLZW = errors.New("invalid code")

// lzw decodes a .Z file. The format has neither length nor checksum, so a
// truncated file is indistinguishable from a complete one.
type lzw struct {
	r       io.ByteReader
	longest uint
	clears  bool

	bits, have uint // bits read ahead, and their number
	width      uint // bits of the next code
	inGroup    uint // codes of this width read so far, modulo 8
	free       int  // next free entry
	prev       int  // last code, -1 at the start
	first      byte // first byte of the last code's text
	prefix     [1 << lzwMost]uint16
	suffix     [1 << lzwMost]byte
	out        []byte // text of a code, reversed
	buf        [1<<lzwMost + 1]byte
	err        error
}

func openCompress(s *stored) error {
	r := bufio.NewReader(rawReader{s})
	head := make([]byte, 3)
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	d := &lzw{r: r, longest: uint(head[2] & 0x1f), clears: head[2]&0x80 != 0, width: lzwLeast, free: lzwLiterals, prev: -1}
	if d.longest < lzwLeast || d.longest > lzwMost || head[2]&0x60 != 0 {
		return fmt.Errorf("invalid code width of %d bits", d.longest)
	}
	if d.clears {
		d.free++
	}
	s.dec = d
	return nil
}

// Read decodes up to len(p) bytes.
func (d *lzw) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(d.out) > 0 {
			p[n] = d.out[len(d.out)-1]
			d.out = d.out[:len(d.out)-1]
			n++
			continue
		}
		if d.err == nil {
			d.err = d.decode()
		}
		if d.err != nil {
			return n, d.err
		}
	}
	return n, nil
}

// decode decodes a code into d.out.
func (d *lzw) decode() error {
	if d.width < d.longest && d.free == 1<<d.width {
		if err := d.setWidth(d.width + 1); err != nil {
			return err
		}
	}
	code, err := d.code()
	switch {
	case err != nil:
		return err
	case code == lzwClear && d.clears:
		d.free = lzwLiterals // the entry that the next code makes is never used
		return d.setWidth(lzwLeast)
	case d.prev < 0 && code >= lzwLiterals, code > d.free:
		return errLZW
	}
	d.expand(code)
	if d.prev >= 0 && d.free < 1<<d.longest {
		d.prefix[d.free], d.suffix[d.free] = uint16(d.prev), d.first
		d.free++
	}
	d.prev = code
	return nil
}

// expand stores the text of a code in d.out, last byte first.
func (d *lzw) expand(code int) {
	d.out = d.buf[:0]
	if code == d.free { // the text of the last code followed by its first byte
		d.out = append(d.out, d.first)
		code = d.prev
	}
	for code >= lzwLiterals {
		d.out = append(d.out, d.suffix[code])
		code = int(d.prefix[code])
	}
	d.first = byte(code)
	d.out = append(d.out, d.first)
}

// setWidth skips the rest of the group and changes the width of codes.
func (d *lzw) setWidth(width uint) error {
	for d.inGroup != 0 {
		if _, err := d.code(); err != nil {
			return err
		}
	}
	d.width = width
	return nil
}

// code reads a code. It returns io.EOF if too few bits are left.
func (d *lzw) code() (int, error) {
	for d.have < d.width {
		b, err := d.r.ReadByte()
		if err != nil {
			return 0, err
		}
		d.bits |= uint(b) << d.have
		d.have += 8
	}
	code := d.bits & (1<<d.width - 1)
	d.bits >>= d.width
	d.have -= d.width
	d.inGroup = (d.inGroup + 1) % 8
	return int(code), nil
}
