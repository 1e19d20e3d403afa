package wire

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/pcparchive/pcparchive/pcp"
)

// Dec is a big-endian cursor over one record. It keeps its first error and
// returns zeros after it, so a caller reads all fields and checks Err once.
// Returned byte slices share memory with the input.
type Dec struct {
	kind pcp.Kind
	buf  []byte
	off  int
	err  error
}

// NewDec returns a cursor over a record of the given kind.
func NewDec(kind pcp.Kind, buf []byte) Dec { return Dec{kind: kind, buf: buf} }

// Err returns the first error: a *pcp.FormatError, the error passed to Adopt,
// or nil.
func (d *Dec) Err() error { return d.err }

// Offset returns the position of the next read in bytes.
func (d *Dec) Offset() int { return d.off }

// Len returns the number of bytes left.
func (d *Dec) Len() int { return len(d.buf) - d.off }

// Fail records an error at the current position unless an error is already
// recorded.
func (d *Dec) Fail(field, detail string, err error) { d.FailAt(d.off, field, detail, err) }

// FailAt does the same as Fail for a field that begins at off.
func (d *Dec) FailAt(off int, field, detail string, err error) {
	if d.err == nil {
		d.err = &pcp.FormatError{Kind: d.kind, Offset: int64(off), Field: field, Detail: detail, Err: err}
	}
	d.off = len(d.buf)
}

// U32 reads a 32-bit word.
func (d *Dec) U32() uint32 {
	if d.Len() < 4 {
		d.Fail("", "", pcp.ErrTruncated)
		return 0
	}
	v := binary.BigEndian.Uint32(d.buf[d.off:])
	d.off += 4
	return v
}

// I32 reads a signed 32-bit word.
func (d *Dec) I32() int32 { return int32(d.U32()) }

// U16 reads a 16-bit word.
func (d *Dec) U16() uint16 {
	b := d.Bytes(2)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

// U8 reads a byte.
func (d *Dec) U8() uint8 {
	b := d.Bytes(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// Bytes reads n bytes. It fails and returns nil if fewer are left or n is
// negative.
func (d *Dec) Bytes(n int) []byte {
	if n < 0 || n > d.Len() {
		d.Fail("", "", pcp.ErrTruncated)
		return nil
	}
	b := d.buf[d.off : d.off+n : d.off+n]
	d.off += n
	return b
}

// Rest returns the remaining bytes without moving the cursor.
func (d *Dec) Rest() []byte { return d.buf[d.off:] }

// Skip moves the cursor by n bytes.
func (d *Dec) Skip(n int) { d.Bytes(n) }

// Adopt takes over the error, which may be nil, of a decoder that was given
// Rest.
func (d *Dec) Adopt(err error) {
	if err == nil || d.err != nil {
		return
	}
	var fe *pcp.FormatError
	if errors.As(err, &fe) {
		at := *fe
		at.Offset += int64(d.off)
		err = &at
	}
	d.err = err
	d.off = len(d.buf)
}

// Count reads a number of entries of at least size bytes each. It fails if the
// record is too short for them, so the result is safe as the size of an
// allocation.
func (d *Dec) Count(field string, size int) int {
	n := d.I32()
	if d.err != nil {
		return 0
	}
	if n < 0 || int64(n)*int64(size) > int64(d.Len()) {
		d.FailAt(d.off-4, field, decimal(n)+" exceeds record", pcp.ErrRange)
		return 0
	}
	return int(n)
}

// CString reads a fixed field of n bytes and returns the bytes before its first
// NUL. The last byte always counts as a NUL.
func (d *Dec) CString(n int) string {
	b := d.Bytes(n)
	return string(UntilNUL(b[:max(len(b)-1, 0)]))
}

// UntilNUL returns the bytes of b before its first NUL, or all of b.
func UntilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}
