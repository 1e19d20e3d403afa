package check

import (
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/resync"
)

const walkBuffer = resync.Buffer

// walker yields the frames of one file and can continue after damage.
type walker struct {
	*resync.Window
	max int // length of the longest accepted record in bytes
}

// frame is a framed record.
type frame struct {
	off     int64
	size    int64  // length in bytes, including the two length fields
	payload []byte // valid until the walker moves
}

// damage describes bytes that are not a record.
type damage struct {
	code   finding.Code
	off    int64
	length int32 // the leading length; no meaning for FrameTorn with have < 4
	other  int32 // the trailing length, for FrameTrailer
	have   int   // for FrameTorn: number of bytes left in the file
}

// newWalker returns a walker of a file of about size bytes. Zero maxRecord means the
// default.
func newWalker(r io.Reader, size int64, maxRecord int) *walker {
	if maxRecord == 0 {
		maxRecord = archive.DefaultMaxRecord
	}
	return &walker{Window: resync.NewWindow(r, size+1), max: maxRecord}
}

// left returns the number of bytes that are read but not passed.
func (w *walker) left() int { return len(w.Rest()) }

// next returns the next frame or the damage in its place. The caller passes the frame when
// it is done with it. Both results are nil at the end of the file.
func (w *walker) next() (*frame, *damage) {
	head := w.Peek(4)
	if len(head) == 0 {
		return nil, nil
	}
	if len(head) < 4 {
		return nil, &damage{code: FrameTorn, off: w.Off, have: len(head)}
	}
	n := w.Word(0)
	if n < 8 || int64(n) > int64(w.max) {
		return nil, &damage{code: FrameLength, off: w.Off, length: n}
	}
	raw := w.Peek(int(n))
	if len(raw) < int(n) {
		return nil, &damage{code: FrameTorn, off: w.Off, length: n, have: len(raw)}
	}
	if t := w.Word(int(n) - 4); t != n {
		return nil, &damage{code: FrameTrailer, off: w.Off, length: n, other: t}
	}
	return &frame{off: w.Off, size: int64(n), payload: raw[4 : n-4 : n-4]}, nil
}

// resync moves to the next record that valid accepts and reports whether there is one. The
// payload passed to valid is valid during the call.
func (w *walker) resync(d *damage, valid func(payload []byte) bool) bool {
	return w.Find(w.max, d.length, valid)
}

// String describes the damage.
func (d *damage) String() string {
	switch {
	case d.code == FrameLength:
		return fmt.Sprintf("impossible length %d", d.length)
	case d.code == FrameTrailer:
		return fmt.Sprintf("length %d before the record and %d after it", d.length, d.other)
	case d.have < 4:
		return fmt.Sprintf("the file ends after %d of the 4 bytes of its length", d.have)
	}
	return fmt.Sprintf("the file ends after %d of its %d bytes", d.have, d.length)
}
