package pcp

import (
	"errors"
	"fmt"
	"strings"
)

// Kinds of errors in stored bytes. Each [FormatError] wraps one of them; test
// with errors.Is.
var (
	// ErrNotArchive: the first record is not an archive label.
	ErrNotArchive = errors.New("not a PCP archive")
	// ErrVersion: this package does not read or write this archive version.
	ErrVersion = errors.New("unsupported archive version")
	// ErrTruncated: the contents of a record are longer than the record, which
	// is therefore damaged.
	ErrTruncated = errors.New("record is too short")
	// ErrUnfinished: the file ends inside a record. This is normal in the last
	// file of an archive that is still being written, and damage anywhere else.
	ErrUnfinished = errors.New("file ends inside a record")
	// ErrTrailer: the length words before and after a record differ.
	ErrTrailer = errors.New("record length and its trailer differ")
	// ErrTag: a metadata record has an unknown type.
	ErrTag = errors.New("unknown record type")
	// ErrRange: a value lies outside the range of its field.
	ErrRange = errors.New("value out of range")
	// ErrLayout: the parts of a record do not fill it exactly.
	ErrLayout = errors.New("parts do not fill the record")
	// ErrLimit: a length exceeds a limit of the format or of the caller.
	ErrLimit = errors.New("limit exceeded")
	// ErrMismatch: two records contradict each other.
	ErrMismatch = errors.New("records disagree")
)

// FormatError describes an error in stored bytes and its position. Decoders of
// single records leave File empty and count Offset from the start of their
// input; package archive sets File and makes Offset relative to the file.
type FormatError struct {
	File   string // file name; empty when the input is not a file
	Kind   Kind   // kind of the record, KindNone if unknown
	Offset int64  // in bytes, where the error was found
	Field  string // field name; empty when the error concerns the whole record
	Detail string // offending values; may be empty
	Err    error  // one of the Err variables of this package
}

// Error formats e as "file: offset N: kind record: field: detail: cause".
func (e *FormatError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	fmt.Fprintf(&b, "offset %d: ", e.Offset)
	if e.Kind < NumKinds {
		b.WriteString(e.Kind.String() + " ")
	}
	b.WriteString("record: ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	if e.Detail != "" {
		b.WriteString(e.Detail + ": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }
