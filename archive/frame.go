package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/resync"
	"github.com/pcparchive/pcparchive/pcp"
)

// Role says which file of an archive something is in.
type Role int8

// The roles.
const (
	RoleData Role = iota
	RoleMeta
	RoleIndex
)

// Pos is a place in an archive.
type Pos struct {
	File   string // name of the file
	Role   Role
	Volume int   // of a data file
	Offset int64 // of the record's leading length
}

// Frame is a record's bytes between its two length words.
type Frame struct {
	Pos     Pos
	Payload []byte // borrowed, valid until the next Frame is read
}

const (
	readBuffer  = 256 << 10
	leastBuffer = 4 << 10
	aheadFrom   = 4 * readBuffer // files with more to read are read ahead
	growStep    = 1 << 20        // memory is committed to a claimed length in such steps
)

// Frames yields the records of a file from at on. r must stand at at.Offset. A
// failure is yielded once, with a Frame whose Pos tells where, and ends the
// sequence: [pcp.ErrUnfinished] where the file ends inside a record.
// maxRecord 0 means DefaultMaxRecord.
func Frames(r io.Reader, at Pos, maxRecord int) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		fr := newFrameReader(r, at, readBuffer, maxRecord)
		for {
			f, err := fr.next()
			if errors.Is(err, io.EOF) || !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// frameReader reads the frames of one file.
type frameReader struct {
	in   *input
	pos  Pos
	max  int
	last int    // length of the last frame
	skip int    // how much of it is still in the input's buffer
	long []byte // a frame that does not fit that buffer

	// For going on after damage, see search.
	lengths resync.Lengths // of the frame that could not be read
	inLong  bool           // what was read of it is in long
	effort  int64          // of searches so far
}

// newFrameReader returns a reader of a file of about size bytes, of which the
// buffer need hold no more.
func newFrameReader(r io.Reader, at Pos, size int64, maxRecord int) *frameReader {
	if maxRecord == 0 {
		maxRecord = DefaultMaxRecord
	}
	return &frameReader{in: newInput(r, int(min(readBuffer, max(size, leastBuffer)))), pos: at, max: maxRecord}
}

// next returns io.EOF at a clean end: where fewer than the four bytes of a
// leading length are left, as the reference has it.
func (fr *frameReader) next() (Frame, error) {
	fr.in.discard(fr.skip)
	fr.pos.Offset += int64(fr.last)
	fr.last, fr.skip, fr.inLong = 0, 0, false
	head, err := fr.in.peek(4)
	if errors.Is(err, io.EOF) {
		if len(head) > 0 {
			return fr.fail("length", pcp.ErrUnfinished)
		}
		return Frame{Pos: fr.pos}, io.EOF
	}
	if err != nil {
		return fr.fail("", err)
	}
	n := int32(binary.BigEndian.Uint32(head))
	fr.lengths = resync.Lengths{n}
	switch {
	case n < 8:
		return fr.fail(fmt.Sprintf("length %d", n), pcp.ErrRange)
	case int64(n) > int64(fr.max):
		return fr.fail(fmt.Sprintf("length %d exceeds %d", n, fr.max), pcp.ErrLimit)
	}
	raw, err := fr.take(int(n))
	if err != nil {
		return fr.fail(fmt.Sprintf("length %d", n), err)
	}
	fr.last = int(n)
	if trailer := int32(binary.BigEndian.Uint32(raw[n-4:])); trailer != n {
		fr.lengths[1] = trailer
		return fr.fail(fmt.Sprintf("%d before, %d after", n, trailer), pcp.ErrTrailer)
	}
	return Frame{Pos: fr.pos, Payload: raw[4 : n-4 : n-4]}, nil
}

// take returns the next n bytes, from the input's buffer where they fit.
func (fr *frameReader) take(n int) ([]byte, error) {
	if n <= fr.in.size {
		raw, err := fr.in.peek(n)
		if errors.Is(err, io.EOF) {
			return nil, pcp.ErrUnfinished
		}
		fr.skip = n
		return raw, err
	}
	fr.long, fr.inLong = fr.long[:0], true
	for len(fr.long) < n {
		have := len(fr.long)
		want := min(n, have+growStep)
		if cap(fr.long) < want {
			grown := make([]byte, have, min(n, max(2*cap(fr.long), want)))
			copy(grown, fr.long)
			fr.long = grown
		}
		got, err := fr.in.read(fr.long[have:want])
		fr.long = fr.long[:have+got]
		if errors.Is(err, io.EOF) {
			return nil, pcp.ErrUnfinished
		}
		if err != nil {
			return nil, err
		}
	}
	return fr.long, nil
}

// fail builds the error for a frame that cannot be read.
func (fr *frameReader) fail(detail string, err error) (Frame, error) {
	for _, known := range []error{pcp.ErrUnfinished, pcp.ErrRange, pcp.ErrLimit, pcp.ErrTrailer} {
		if errors.Is(err, known) {
			err = &pcp.FormatError{Kind: pcp.KindNone, Detail: detail, Err: err}
		}
	}
	return Frame{Pos: fr.pos}, locate(err, fr.pos, 0)
}

// locate completes a decoder's error with the place of the record, whose
// decoded part begins lead bytes after its start.
func locate(err error, pos Pos, lead int64) error {
	var de *decomp.Error
	if errors.As(err, &de) {
		return fault(de, pos)
	}
	var fe *pcp.FormatError
	if errors.As(err, &fe) {
		at := *fe
		at.File, at.Offset = pos.File, fe.Offset+pos.Offset+lead
		return &at
	}
	return fmt.Errorf("%s: offset %d: %w", pos.File, pos.Offset, err)
}
