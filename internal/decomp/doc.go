// Package decomp reads compressed files at any offset of what they hold, and
// writes such files.
//
// A file is cut into windows, the parts of it that decode on their own: the
// blocks of an xz file, which the index at its end lists; the frames of a zstd
// file, from its seek table or by walking its headers. A file of one block or
// frame, and any other format, is one window. What lies in the middle of a
// window is reached by decoding from the window's start; windows reached like
// that are kept in a [Cache] if they fit.
//
// The format is told by the first bytes, never by the name. No length that a
// file claims is trusted with memory: see [Limits].
package decomp

import (
	"errors"
	"fmt"
)

// Limits bound what a file can make a decoder do. In zero fields the default
// applies.
type Limits struct {
	// Window is the longest history, in bytes, that a decoder keeps: the
	// dictionary of xz and lzma, the window of zstd.
	Window int64
}

// DefaultWindow suffices for every preset of xz and zstd, zstd --ultra --long
// included.
const DefaultWindow = 128 << 20

func (l Limits) window() int64 {
	if l.Window <= 0 {
		return DefaultWindow
	}
	return l.Window
}

// What can be wrong with a compressed file. An [Error] wraps one of them.
var (
	ErrCorrupt = errors.New("compressed data is damaged")
	ErrLimit   = errors.New("decoder limit exceeded")
)

// Error says that a file cannot be decoded further.
type Error struct {
	Format Format
	Near   int64 // offset in the stored file up to which it was read
	Detail string
	Err    error
}

// Error formats e as "format data near byte N: detail: cause".
func (e *Error) Error() string { return e.Where() + ": " + e.Err.Error() }

// Where returns what Error does without the cause.
func (e *Error) Where() string {
	return fmt.Sprintf("%s data near byte %d: %s", e.Format, e.Near, e.Detail)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
