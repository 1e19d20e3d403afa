package decomp

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// An .lzma file consists of a header and one range-coded stream of literals and
// matches:
//
//	properties 1 | dictionary size 4 | decoded length 8, all ones: unknown
//
// The properties are (position bits*5 + literal position bits)*9 + literal
// context bits. A stream of unknown length ends with a marker. The format has
// no checksum. The decoder returns all bytes before damage; RATIONALE.md says
// why it is our own.
const (
	lzmaHeader  = 13
	lzmaStates  = 12
	lzmaLeast   = 2 // shortest match
	lzmaLiteral = 0x300
)

var (
	errLZMAProps = errors.New("invalid properties")
	errLZMAFar   = errors.New("match refers to bytes before the beginning")
	errLZMALimit = errors.New("dictionary is too large")
)

// lzma decodes an .lzma file.
type lzma struct {
	rangeDecoder
	left  int64 // bytes to decode; negative if a marker ends the stream
	dict  []byte
	limit int // largest size of dict
	at    int // next position in dict
	total int64
	copy  int // bytes to copy to complete the current match
	reps  [4]uint32
	lzmaModel
}

func openLZMA(s *stored) error {
	src := bufio.NewReader(rawReader{s})
	head := make([]byte, lzmaHeader)
	if _, err := io.ReadFull(src, head); err != nil {
		return err
	}
	props := uint(head[0])
	lc, lp, pb := props%9, props/9%5, props/45
	dict := max(int64(binary.LittleEndian.Uint32(head[1:])), 1<<12)
	switch {
	case pb > 4 || lc+lp > 4: // the same limits as xz
		return errLZMAProps
	case dict > min(s.f.limits.window(), math.MaxInt32):
		return errLZMALimit
	}
	d := &lzma{
		rangeDecoder: newRangeDecoder(src), left: int64(binary.LittleEndian.Uint64(head[5:])),
		limit: int(dict),
	}
	d.set(lc, lp, pb)
	s.dec = d
	return d.err
}

// Read decodes up to len(p) bytes.
func (d *lzma) Read(p []byte) (n int, err error) {
	for n < len(p) {
		switch {
		case d.left == 0:
			return n, io.EOF
		case d.copy > 0:
			d.copy--
			p[n] = d.put(d.back(d.reps[0]))
			n++
		case d.err != nil:
			return n, d.err
		default:
			if b, ok := d.next(); ok && d.err == nil {
				p[n] = d.put(b)
				n++
			}
			if d.err != nil {
				d.copy = 0 // the match would copy bytes that do not exist
			}
		}
	}
	return n, nil
}

// put appends a byte to the dictionary, which grows with the decoded bytes up
// to its limit.
func (d *lzma) put(b byte) byte {
	if d.at == len(d.dict) {
		if len(d.dict) < d.limit {
			d.dict = append(d.dict, make([]byte, min(d.limit-len(d.dict), max(len(d.dict), 1<<12)))...)
		} else {
			d.at = 0
		}
	}
	d.dict[d.at] = b
	d.at++
	d.total++
	d.left-- // stays negative if the length is unknown
	return b
}

// back returns the byte at a distance; 0 is the last byte.
func (d *lzma) back(distance uint32) byte {
	i := d.at - 1 - int(distance)
	if i < 0 {
		i += d.limit
	}
	return d.dict[i]
}

// reaches reports whether a byte exists at a distance.
func (d *lzma) reaches(distance uint32) bool {
	return int64(distance) < min(d.total, int64(d.limit))
}

// next decodes a literal, or a match into d.copy and d.reps[0].
func (d *lzma) next() (literal byte, ok bool) {
	posState := uint(d.total) & d.pbMask
	at := d.state<<4 + posState
	if d.bit(&d.match[at]) == 0 {
		return d.literal(), true
	}
	if d.bit(&d.rep[d.state]) == 0 {
		d.newMatch(posState)
	} else {
		d.repeat(at, posState)
	}
	switch {
	case d.copy == 0:
	case !d.reaches(d.reps[0]):
		d.err = cmp.Or(d.err, errLZMAFar)
	case d.left >= 0 && int64(d.copy) > d.left:
		d.copy = int(d.left)
	}
	return 0, false
}

func (d *lzma) literal() byte {
	prev := uint(0)
	if d.total > 0 {
		prev = uint(d.back(0))
	}
	context := (uint(d.total)&d.lpMask)<<d.lc + prev>>(8-d.lc)
	probs := d.literals[lzmaLiteral*context:][:lzmaLiteral]
	symbol := uint(1)
	if d.state >= 7 && d.reaches(d.reps[0]) { // after a match, its next byte predicts the literal
		matched := uint(d.back(d.reps[0]))
		for symbol < 0x100 {
			expect := matched >> 7 & 1
			matched <<= 1
			b := d.bit(&probs[(1+expect)<<8+symbol])
			symbol = symbol<<1 | b
			if b != expect {
				break
			}
		}
	}
	for symbol < 0x100 {
		symbol = symbol<<1 | d.bit(&probs[symbol])
	}
	d.state = afterLiteral(d.state)
	return byte(symbol)
}
