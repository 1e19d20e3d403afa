package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Role identifies the kind of file in an archive.
type Role int8

// The roles.
const (
	RoleData Role = iota
	RoleMeta
	RoleIndex
)

// Pos is the position of a record in an archive.
type Pos struct {
	File   string // file name
	Role   Role
	Volume int   // number of a data volume
	Offset int64 // offset of the record's leading length word
}

// Frame holds the bytes of a record between its two length words.
type Frame struct {
	Pos     Pos
	Payload []byte // valid until the next Frame is read
}

const (
	readBuffer  = 128 << 10
	leastBuffer = 4 << 10
	aheadFrom   = 8 * readBuffer // files with more bytes than this are read ahead
	growStep    = 1 << 20        // allocation step for a record that claims a great length
)

// Frames yields the records of a file from at on; r must be positioned at
// at.Offset. A failure ends the sequence and is yielded once, with a Frame that
// holds its position. The error wraps [pcp.ErrUnfinished] if the file ends
// inside a record. A maxRecord of zero means DefaultMaxRecord.
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
	skip int    // bytes of the last frame that are still in the input's buffer
	long []byte // holds a frame that does not fit into the input's buffer

	// Fields for continuing after damage, see search.
	length int32 // length word of the unreadable frame; zero if it has none
	inLong bool  // the bytes read of the unreadable frame are in long
	effort int64 // bytes decoded by searches so far
}

// newFrameReader returns a reader of a file of about size bytes; its buffer is
// not longer than that.
func newFrameReader(r io.Reader, at Pos, size int64, maxRecord int) *frameReader {
	if maxRecord == 0 {
		maxRecord = DefaultMaxRecord
	}
	return &frameReader{in: newInput(r, int(min(readBuffer, max(size, leastBuffer)))), pos: at, max: maxRecord}
}

// next returns the next frame, or io.EOF at the end of the file. As in PCP,
// fewer than the four bytes of a length word at the end are ignored.
func (fr *frameReader) next() (Frame, error) {
	fr.in.discard(fr.skip)
	fr.pos.Offset += int64(fr.last)
	fr.last, fr.skip, fr.length, fr.inLong = 0, 0, 0, false
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
	fr.length = n
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
		return fr.fail(fmt.Sprintf("%d before, %d after", n, trailer), pcp.ErrTrailer)
	}
	return Frame{Pos: fr.pos, Payload: raw[4 : n-4 : n-4]}, nil
}

// following returns the time of the data record after the frame read last. ok is false if
// the input's buffer does not hold it.
func (fr *frameReader) following(l *wire.Layout) (t pcp.Timestamp, ok bool) {
	b := fr.in.buf[fr.skip:]
	if len(b) < 4+l.StampSize {
		return t, false
	}
	d := wire.NewDec(pcp.KindResult, b[4:])
	return l.Stamp(&d), true
}

// take returns the next n bytes, without copying if the input's buffer holds
// them.
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

// fail returns the error for an unreadable frame.
func (fr *frameReader) fail(detail string, err error) (Frame, error) {
	for _, known := range []error{pcp.ErrUnfinished, pcp.ErrRange, pcp.ErrLimit, pcp.ErrTrailer} {
		if errors.Is(err, known) {
			err = &pcp.FormatError{Kind: pcp.KindNone, Detail: detail, Err: err}
		}
	}
	return Frame{Pos: fr.pos}, locate(err, fr.pos, 0)
}

// locate adds the position of a record to a decoder's error. The decoder's
// input began lead bytes after the start of the record.
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
