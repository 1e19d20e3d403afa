// Package resync finds the next record of a file after damage. Every reader of
// archives uses it, so that all of them go on at the same place.
package resync

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	// Buffer is how much memory a Window begins to grow from, and how much a
	// search may decode before its effort is compared with its progress.
	Buffer    = 256 << 10
	leastRoom = 4 << 10
)

// Window is the part of a file that was read and not yet passed.
type Window struct {
	Off int64 // of the first byte that was not passed
	Err error // of reading, other than io.EOF

	src    io.Reader
	mem    []byte
	lo, hi int // bounds in mem of what is read and not passed
	eof    bool
	effort int64 // bytes decoded while looking for records
}

// NewWindow returns a Window of what src holds. It begins with room for size
// bytes.
func NewWindow(src io.Reader, size int64) *Window {
	return &Window{src: src, mem: make([]byte, max(1<<10, min(size, Buffer)))}
}

// Resume returns a Window that begins with read, which was read before, at
// offset off, and goes on with src. Effort is that of earlier searches in the
// same file. The Window takes over the memory of read.
func Resume(read []byte, src io.Reader, off, effort int64) *Window {
	return &Window{src: src, mem: read, hi: len(read), Off: off, effort: effort}
}

// SetSource replaces the source of what was not read yet.
func (w *Window) SetSource(src io.Reader) { w.src = src }

// Effort returns how many bytes searches have decoded.
func (w *Window) Effort() int64 { return w.effort }

// Peek returns the next n bytes without passing them, fewer at the end. They are
// valid until the next call. Memory follows what is there, not n.
func (w *Window) Peek(n int) []byte {
	for w.hi-w.lo < n && !w.eof {
		w.fill(n)
	}
	return w.mem[w.lo:min(w.lo+n, w.hi)]
}

// fill reads once, into memory that it makes.
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

// Pass leaves the next n bytes behind, which must have been peeked.
func (w *Window) Pass(n int) {
	w.lo += n
	w.Off += int64(n)
}

// Rest returns what was read and not passed.
func (w *Window) Rest() []byte { return w.mem[w.lo:w.hi] }

// Word returns the word that stands at bytes ahead, which must have been peeked.
func (w *Window) Word(at int) int32 { return int32(binary.BigEndian.Uint32(w.mem[w.lo+at:])) }
