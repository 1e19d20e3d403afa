package check

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/archive"
)

const (
	walkBuffer = 256 << 10
	// resyncMax bounds the length of a record that is looked for after damage.
	resyncMax = 16 << 20
	// resyncEffort bounds the bytes decoded to tell records from what only
	// looks like one, in multiples of the bytes searched.
	resyncEffort = 16
)

// walker yields the frames of one file, and goes on after damage where it can.
type walker struct {
	src    io.Reader
	mem    []byte
	lo, hi int   // bounds in mem of what is read and not yet passed
	off    int64 // of lo in the file
	eof    bool
	err    error // of reading
	max    int   // longest record
	effort int64 // bytes decoded while looking for a record
}

// frame is a record's place, whole length and payload, which is borrowed.
type frame struct {
	off     int64
	size    int64
	payload []byte
}

// damage is what stands where a record should.
type damage struct {
	code   Code
	off    int64
	length int32 // the leading length; for FrameTorn with have < 4 meaningless
	other  int32 // the trailer
	have   int   // bytes left in the file
}

// newWalker returns a walker of a file of about size bytes.
func newWalker(r io.Reader, size int64, maxRecord int) *walker {
	if maxRecord == 0 {
		maxRecord = archive.DefaultMaxRecord
	}
	return &walker{src: r, max: maxRecord, mem: make([]byte, max(1<<10, min(size+1, walkBuffer)))}
}

// peek returns the next n bytes without passing them, fewer at the end. They
// are valid until the next peek. Memory follows what is there, not n.
func (w *walker) peek(n int) []byte {
	for w.hi-w.lo < n && !w.eof {
		w.fill(n)
	}
	return w.mem[w.lo:min(w.lo+n, w.hi)]
}

// fill reads once, into memory that it makes.
func (w *walker) fill(n int) {
	if w.lo > 0 && (w.hi == len(w.mem) || len(w.mem)-w.lo < n) {
		w.hi = copy(w.mem, w.mem[w.lo:w.hi])
		w.lo = 0
	}
	if w.hi == len(w.mem) {
		grown := make([]byte, min(max(n, walkBuffer), 4*len(w.mem)))
		copy(grown, w.mem)
		w.mem = grown
	}
	for range 100 {
		got, err := w.src.Read(w.mem[w.hi:])
		w.hi += got
		if err != nil {
			w.eof = true
			if !errors.Is(err, io.EOF) {
				w.err = err
			}
			return
		}
		if got > 0 {
			return
		}
	}
	w.eof, w.err = true, io.ErrNoProgress
}

// pass leaves the next n bytes behind.
func (w *walker) pass(n int) {
	w.lo += n
	w.off += int64(n)
}

// left is how many bytes are read and not yet passed.
func (w *walker) left() int { return w.hi - w.lo }

// word returns the word that stands at bytes ahead, which must have been peeked.
func (w *walker) word(at int) int32 { return int32(binary.BigEndian.Uint32(w.mem[w.lo+at:])) }

// next returns the next frame, which the caller passes when done with it. Both
// results are nil at the end.
func (w *walker) next() (*frame, *damage) {
	head := w.peek(4)
	if len(head) == 0 {
		return nil, nil
	}
	if len(head) < 4 {
		return nil, &damage{code: FrameTorn, off: w.off, have: len(head)}
	}
	n := w.word(0)
	if n < 8 || int64(n) > int64(w.max) {
		return nil, &damage{code: FrameLength, off: w.off, length: n}
	}
	raw := w.peek(int(n))
	if len(raw) < int(n) {
		return nil, &damage{code: FrameTorn, off: w.off, length: n, have: len(raw)}
	}
	if t := w.word(int(n) - 4); t != n {
		return nil, &damage{code: FrameTrailer, off: w.off, length: n, other: t}
	}
	return &frame{off: w.off, size: int64(n), payload: raw[4 : n-4 : n-4]}, nil
}

// resync goes to the next place where a record stands that valid accepts, and
// reports whether there is one. What valid is given is borrowed.
func (w *walker) resync(d *damage, valid func(payload []byte) bool) bool {
	from := w.off
	// A damaged length leaves the other; a damaged trailer leaves the next
	// record where it should be.
	for _, n := range []int32{d.length, d.other} {
		if n >= 8 && int64(n) <= int64(w.max) && len(w.peek(int(n))) == int(n) && w.stands(int(n), valid) {
			w.pass(int(n))
			return true
		}
	}
	w.pass(len(w.peek(1)))
	for len(w.peek(4)) == 4 {
		if w.effort > resyncEffort*(w.off-from+walkBuffer) {
			return false // crafted to keep us busy
		}
		if w.stands(0, valid) {
			return true
		}
		w.pass(1)
	}
	return false
}

// stands reports whether a record that valid accepts stands at bytes ahead, or
// the file ends there.
func (w *walker) stands(at int, valid func([]byte) bool) bool {
	have := len(w.peek(at+4)) - at
	if have < 4 {
		return have == 0 && at > 0
	}
	n := int(w.word(at))
	if n < 16 || n > min(resyncMax, w.max) || len(w.peek(at+n)) < at+n || w.word(at+n-4) != int32(n) {
		return false
	}
	w.effort += int64(n)
	return valid(w.mem[w.lo+at+4 : w.lo+at+n-4])
}

// String says what is wrong.
func (d *damage) String() string {
	switch {
	case d.code == FrameLength:
		return fmt.Sprintf("impossible length %d", d.length)
	case d.code == FrameTrailer:
		return fmt.Sprintf("length %d before the record and %d after it", d.length, d.other)
	case d.have < 4:
		return fmt.Sprintf("the file ends after %d of the 4 bytes of its length", d.have)
	}
	return fmt.Sprintf("the file ends after %d of its %d bytes", d.have, d.length)
}
