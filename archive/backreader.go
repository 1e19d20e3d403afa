package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// backReader reads the records of a file backwards.
type backReader struct {
	f          *File
	first, end int64
	buf        []byte // bytes before end
}

// prev returns the record that ends at b.end.
func (b *backReader) prev() (Frame, error) {
	if b.end <= b.first {
		return Frame{}, io.EOF
	}
	n := int64(4)
	if err := b.fill(n); err != nil {
		return b.fail("length", err)
	}
	n = int64(int32(binary.BigEndian.Uint32(b.buf[len(b.buf)-4:])))
	switch {
	case n < 8 || n > b.end-b.first:
		return b.fail(fmt.Sprintf("length %d after it", n), pcp.ErrRange)
	case n > int64(b.f.max):
		return b.fail(fmt.Sprintf("length %d exceeds %d", n, b.f.max), pcp.ErrLimit)
	}
	if err := b.fill(n); err != nil {
		return b.fail("", err)
	}
	raw := b.buf[int64(len(b.buf))-n:]
	if lead := int32(binary.BigEndian.Uint32(raw)); int64(lead) != n {
		return b.fail(fmt.Sprintf("%d before, %d after", lead, n), pcp.ErrTrailer)
	}
	b.buf = b.buf[:int64(len(b.buf))-n]
	b.end -= n
	return Frame{Pos: b.f.pos(b.end), Payload: raw[4 : n-4 : n-4]}, nil
}

// following returns the time of the record before the one read last. ok is false if the
// buffer does not hold it.
func (b *backReader) following(l *wire.Layout) (t pcp.Timestamp, ok bool) {
	if len(b.buf) < 4 || b.end <= b.first {
		return t, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b.buf[len(b.buf)-4:])))
	if n < int64(8+l.StampSize) || n > int64(len(b.buf)) {
		return t, false
	}
	d := wire.NewDec(pcp.KindResult, b.buf[int64(len(b.buf))-n+4:])
	return l.Stamp(&d), true
}

// fill extends buf to at least the n bytes before end.
func (b *backReader) fill(n int64) error {
	if int64(len(b.buf)) >= n {
		return nil
	}
	n = max(n, min(readBuffer, b.end-b.first))
	if n > b.end {
		return pcp.ErrTruncated
	}
	b.buf = slices.Grow(b.buf[:0], int(n))[:n]
	_, err := b.f.d.ReadAt(b.buf, b.end-n)
	if errors.Is(err, io.EOF) {
		err = nil // buf is complete, or the file was truncated meanwhile and the record will be rejected
	}
	return err
}

// fail returns the error for the record that ends at b.end.
func (b *backReader) fail(detail string, err error) (Frame, error) {
	pos := b.f.pos(b.end)
	for _, known := range []error{pcp.ErrRange, pcp.ErrLimit, pcp.ErrTrailer, pcp.ErrTruncated} {
		if errors.Is(err, known) {
			err = &pcp.FormatError{Kind: pcp.KindNone, Detail: detail, Err: err}
		}
	}
	return Frame{Pos: pos}, locate(err, pos, 0)
}
