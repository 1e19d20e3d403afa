// Package eof tells the end of a file from other errors.
package eof

import (
	"errors"
	"io"
)

// Is reports whether an error means that a file ended, whether or not that was expected.
func Is(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Early returns an error of a reader that must not end yet: io.ErrUnexpectedEOF for io.EOF, any
// other error as it is.
func Early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
