package pcp

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with stored bytes. A [FormatError] wraps one of them.
var (
	// ErrNotArchive: the first record is not an archive label.
	ErrNotArchive = errors.New("not a PCP archive")
	// ErrVersion: an archive of a version this package does not read or write.
	ErrVersion = errors.New("unsupported archive version")
	// ErrTruncated: a record ends before its contents do. The bytes are damaged.
	ErrTruncated = errors.New("record is too short")
	// ErrUnfinished: the file ends inside a record. In the last file of an
	// archive that is being written this is ordinary; elsewhere it is damage.
	ErrUnfinished = errors.New("file ends inside a record")
	// ErrTrailer: the length after a record differs from the one before it.
	ErrTrailer = errors.New("record length and its trailer differ")
	// ErrTag: a metadata record of a type that does not exist.
	ErrTag = errors.New("unknown record type")
	// ErrRange: a field holds, or should be given, a value outside its range.
	ErrRange = errors.New("value out of range")
	// ErrLayout: the parts of a record do not fill it exactly.
	ErrLayout = errors.New("parts do not fill the record")
	// ErrLimit: a length exceeds a limit set by the caller.
	ErrLimit = errors.New("limit exceeded")
	// ErrMismatch: two records that must agree do not.
	ErrMismatch = errors.New("records disagree")
)

// FormatError tells where stored bytes could not be understood. Decoders of
// single records leave File empty and count Offset from the start of their
// input; package archive fills in the file and makes Offset absolute.
type FormatError struct {
	File   string // name of the file
	Kind   Kind   // kind of the record
	Offset int64  // byte offset
	Field  string // field, empty when it concerns the whole record
	Detail string // the offending values, may be empty
	Err    error  // one of the sentinels above
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
