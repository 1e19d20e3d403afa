// Package decomp reads compressed files at any offset of their contents, and
// writes compressed files.
//
// It divides a file into windows, the parts that can be decoded independently:
// the blocks of an xz file, listed by the index at its end; the frames of a
// zstd file, listed by its seek table or found by walking its headers. A file
// with a single block or frame, and a file in any other format, is one window.
// To reach an offset inside a window, the package decodes from the window's
// start. It keeps a window decoded for this purpose in a [Cache] if the window
// fits.
//
// After damage, the package divides a window at the next gzip member or zstd
// frame, so that a reader can continue there; see [Reader.Next].
//
// The first bytes of a file determine its format; the name does not matter. No
// length claimed by a file causes an allocation beyond [Limits].
package decomp

import (
	"errors"
	"fmt"
)

// Limits bound the memory of a decoder. Zero fields select the default.
type Limits struct {
	// Window is the longest history in bytes that a decoder keeps: the
	// dictionary of xz and lzma, the window of zstd.
	Window int64
	// Stop, unless nil, is asked by Readers that decode bytes that they skip; see
	// [Reader.Until].
	Stop func() error
}

// DefaultWindow suffices for every preset of xz and zstd, including zstd
// --ultra --long.
const DefaultWindow = 128 << 20

func (l Limits) window() int64 {
	if l.Window <= 0 {
		return DefaultWindow
	}
	return l.Window
}

// Causes of an [Error]; test with errors.Is.
var (
	ErrCorrupt = errors.New("compressed data is damaged")
	ErrLimit   = errors.New("decoder limit exceeded")
)

// Error reports that a file cannot be decoded further.
type Error struct {
	Format Format
	Near   int64 // offset in the compressed file up to which the decoder read
	Detail string
	Err    error
}

// Error formats e as "format data near byte N: detail: cause".
func (e *Error) Error() string { return e.Where() + ": " + e.Err.Error() }

// Where returns the text of Error without the cause.
func (e *Error) Where() string {
	return fmt.Sprintf("%s data near byte %d: %s", e.Format, e.Near, e.Detail)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
