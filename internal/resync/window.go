// Package resync finds the next record of a file after damage. All readers of
// archives use it, so that they continue at the same position.
package resync

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	// Buffer is the initial size of a Window in bytes, and the number of bytes
	// that a search may decode before perByte limits it.
	Buffer    = 256 << 10
	leastRoom = 4 << 10
)

// Window is the part of a file that was read but not yet passed.
type Window struct {
	Off int64 // offset in the file of the first byte in the Window
	Err error // error while reading, other than io.EOF

	// Stop may be nil. A search ends without a record once it returns true.
	Stop func() bool

	src    io.Reader
	mem    []byte
	lo, hi int // the bytes of the Window are mem[lo:hi]
	eof    bool
	effort int64 // bytes decoded by searches
}

// NewWindow returns a Window on the contents of src. It initially allocates
// size bytes, limited to Buffer.
func NewWindow(src io.Reader, size int64) *Window {
	return &Window{src: src, mem: make([]byte, max(1<<10, min(size, Buffer)))}
}

// Resume returns a Window that begins with the bytes read at offset off and
// continues with src. effort is that of earlier searches in the same file. The
// Window takes ownership of read.
func Resume(read []byte, src io.Reader, off, effort int64) *Window {
	return &Window{src: src, mem: read, hi: len(read), Off: off, effort: effort}
}

// SetSource replaces the source of the bytes that were not yet read.
func (w *Window) SetSource(src io.Reader) { w.src = src }

// Effort returns the number of bytes that searches have decoded.
func (w *Window) Effort() int64 { return w.effort }

// Peek returns the next n bytes, or fewer at the end, without passing them.
// They are valid until the next call. Peek allocates in proportion to the bytes
// available, not to n.
func (w *Window) Peek(n int) []byte {
	for w.hi-w.lo < n && !w.eof {
		w.fill(n)
	}
	return w.mem[w.lo:min(w.lo+n, w.hi)]
}

// fill makes space and reads once.
func (w *Window) fill(n int) {
	if w.lo > 0 && (w.hi == len(w.mem) || len(w.mem)-w.lo < n) {
		w.hi = copy(w.mem, w.mem[w.lo:w.hi])
		w.lo = 0
	}
	if w.hi == len(w.mem) {
		grown := make([]byte, max(leastRoom, min(max(n, Buffer), 4*len(w.mem))))
		copy(grown, w.mem)
		w.mem = grown
	}
	for range 100 {
		got, err := w.src.Read(w.mem[w.hi:])
		w.hi += got
		if err != nil {
			w.eof = true
			if !errors.Is(err, io.EOF) {
				w.Err = err
			}
			return
		}
		if got > 0 {
			return
		}
	}
	w.eof, w.Err = true, io.ErrNoProgress
}

// Pass moves past the next n bytes, which must have been peeked.
func (w *Window) Pass(n int) {
	w.lo += n
	w.Off += int64(n)
}

// Rest returns the bytes that were read but not passed.
func (w *Window) Rest() []byte { return w.mem[w.lo:w.hi] }

// Word returns the 32-bit word at distance at, which must have been peeked.
func (w *Window) Word(at int) int32 { return int32(binary.BigEndian.Uint32(w.mem[w.lo+at:])) }
