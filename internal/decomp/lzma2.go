package decomp

import (
	"bufio"
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// LZMA2 is a sequence of chunks. The first byte of a chunk says what follows it:
//
//	0x00      end
//	0x01 0x02 contents as they are; 0x01 forgets everything before
//	0x80 ...  LZMA; bits 5 and 6 say what is reset, the others are the highest bits of the
//	          length of the contents
//
// Then come the lower 16 bits of the length of the contents minus one, the length of the
// stored bytes minus one for LZMA, and the properties if they are new.
type lzma2 struct {
	src   *bufio.Reader
	model lzmaModel
	coder chunkCoder
	in    *chunkInput
	n     int // length of the chunk in in

	dict    []byte // the last bytes, in a ring if wrapped
	limit   int    // largest size of dict
	at      int    // next position in dict
	wrapped bool

	left  int       // bytes of the current chunk
	plain bool      // the current chunk holds its contents as they are
	reps  [4]uint32 // distances of the last matches
	copy  int       // bytes to copy to complete the current match

	begun, known bool // a first chunk came; one with properties
	err          error
}

var (
	errLZMA2Chunk = errors.New("invalid chunk")
	errLZMA2Data  = errors.New("a chunk does not hold what it should")
)

// lzma2Least is the size of the smallest dictionary.
const lzma2Least = 1 << 12

// reset prepares for another sequence of chunks. The dictionary takes up to limit bytes, a
// positive multiple of 16: a place in it stands for one in the contents.
func (d *lzma2) reset(src *bufio.Reader, limit int) {
	d.src, d.limit = src, limit
	d.dict = d.dict[:min(cap(d.dict), limit)]
	d.at, d.wrapped, d.left, d.copy = 0, false, 0, 0
	d.begun, d.known, d.err = false, false, nil
	if d.in == nil {
		d.in = new(chunkInput)
	}
}

// Read decodes up to len(p) bytes.
func (d *lzma2) Read(p []byte) (n int, err error) {
	for n < len(p) && d.err == nil {
		if d.left == 0 {
			d.err = d.chunk()
			continue
		}
		d.room()
		from := d.at
		to := min(from+len(p)-n, from+d.left, len(d.dict))
		if d.plain {
			d.at, d.err = d.stored(to)
		} else {
			d.err = d.run(to)
		}
		n += copy(p[n:], d.dict[from:d.at])
		if d.left -= d.at - from; d.left == 0 && d.err == nil {
			d.err = d.complete()
		}
	}
	if n > 0 && n == len(p) {
		return n, nil
	}
	return n, d.err
}

// room makes room for at least one byte in the dictionary, which grows with the decoded
// bytes up to its limit.
func (d *lzma2) room() {
	if d.at < len(d.dict) {
		return
	}
	if len(d.dict) == d.limit {
		d.at, d.wrapped = 0, true
		return
	}
	grown := make([]byte, min(d.limit, max(2*len(d.dict), 1<<16)))
	copy(grown, d.dict)
	d.dict = grown
}

// stored reads contents up to a place in the dictionary.
func (d *lzma2) stored(to int) (at int, err error) {
	n, err := io.ReadFull(d.src, d.dict[d.at:to])
	return d.at + n, eof.Early(err)
}

// complete checks the end of a chunk of LZMA.
func (d *lzma2) complete() error {
	if d.plain {
		return nil
	}
	if d.coder = d.coder.next(); d.coder.pos != d.n || d.coder.code != 0 || d.copy > 0 {
		return errLZMA2Data
	}
	return nil
}

// chunk begins the next chunk.
func (d *lzma2) chunk() error {
	control, err := d.src.ReadByte()
	if err != nil {
		return eof.Early(err)
	}
	lzma := control >= 0x80
	switch {
	case control == 0:
		return io.EOF
	case control >= 0xe0 || control == 1:
		d.at, d.wrapped, d.begun = 0, false, true
		d.known = false
	case !d.begun || control > 2 && !lzma || lzma && control < 0xc0 && !d.known:
		return errLZMA2Chunk
	}
	var head [5]byte
	size := 2
	if lzma {
		size = 4
	}
	if control >= 0xc0 {
		size = 5
	}
	if _, err := io.ReadFull(d.src, head[:size]); err != nil {
		return eof.Early(err)
	}
	d.left = int(head[0])<<8 + int(head[1]) + 1
	if d.plain = !lzma; d.plain {
		return nil
	}
	d.left += int(control&0x1f) << 16
	if control >= 0xc0 {
		if err := d.properties(uint(head[4])); err != nil {
			return err
		}
	}
	if control >= 0xa0 {
		d.model.reset()
		d.reps = [4]uint32{}
	}
	return d.load(int(head[2])<<8 + int(head[3]) + 1)
}

// properties sets the properties of LZMA.
func (d *lzma2) properties(props uint) error {
	lc, lp, pb := props%9, props/9%5, props/45
	if pb > 4 || lc+lp > 4 {
		return errLZMAProps
	}
	d.model.set(lc, lp, pb)
	d.known = true
	return nil
}

// load reads a chunk of LZMA of n bytes.
func (d *lzma2) load(n int) error {
	const first = 5 // the first byte is always 0
	if n < first {
		return errLZMA2Chunk
	}
	if _, err := io.ReadFull(d.src, d.in[:n]); err != nil {
		return eof.Early(err)
	}
	clear(d.in[n : n+chunkSlack])
	d.n = n
	d.coder = chunkCoder{span: 1<<32 - 1, in: d.in, pos: first}
	for _, b := range d.in[1:first] {
		d.coder.code = d.coder.code<<8 | uint32(b)
	}
	return nil
}
