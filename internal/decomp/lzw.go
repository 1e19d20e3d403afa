package decomp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// A .Z file is codes of 9 to 16 bits, least significant bit first, in groups
// of eight of one width: where the width changes, the rest of a group is
// skipped.
//
//	magic 2 | longest code 5 bits, unused 2, code 256 clears the table 1 | codes
const (
	lzwLiterals = 256
	lzwClear    = 256
	lzwLeast    = 9
	lzwMost     = 16
)

var errLZW = errors.New("code without meaning")

// lzw decodes a .Z file. The format has neither length nor checksum: where a
// file was cut cannot be told.
type lzw struct {
	r       io.ByteReader
	longest uint
	clears  bool

	bits, have uint // bits read and not used
	width      uint // of the next code
	inGroup    uint // codes of this width so far, modulo 8
	free       int  // next entry
	prev       int  // last code, -1: none
	first      byte // of what it stood for
	prefix     [1 << lzwMost]uint16
	suffix     [1 << lzwMost]byte
	out        []byte // of a code, backwards
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
		return fmt.Errorf("codes of %d bits", d.longest)
	}
	if d.clears {
		d.free++
	}
	s.dec = d
	return nil
}

// Read decodes.
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

// decode decodes one code into d.out.
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
		d.free = lzwLiterals // the entry that the next code makes is lost
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

// expand puts what code stands for into d.out, last byte first.
func (d *lzw) expand(code int) {
	d.out = d.buf[:0]
	if code == d.free { // what the last code stood for and its first byte
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

// setWidth skips the rest of a group.
func (d *lzw) setWidth(width uint) error {
	for d.inGroup != 0 {
		if _, err := d.code(); err != nil {
			return err
		}
	}
	d.width = width
	return nil
}

// code reads a code. Bits that make none are the end.
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
