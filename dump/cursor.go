package dump

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// window is how many bytes of a volume are read at once.
const window = 512 << 10

// cursor walks the frames of the data volumes, in both directions. It stands
// between two frames; a failure leaves it where it is.
type cursor struct {
	vols       []archive.Member // ascending
	headerSize int64
	version    pcp.Version

	at  int // position in vols
	src *source
	off int64 // where it stands in the volume

	buf   []byte // bytes of the volume from bufAt on
	bufAt int64
}

// frame is a framed data record. Its payload is borrowed until the cursor moves.
type frame struct {
	pos     archive.Pos
	size    int // both lengths included
	payload []byte
}

func newCursor(vols []archive.Member, v pcp.Version) *cursor {
	return &cursor{vols: vols, headerSize: archive.HeaderSize(v), version: v, at: -1}
}

func (c *cursor) close() {
	if c.src != nil {
		c.src.Close()
		c.src = nil
	}
}

// release closes the volume and frees the buffer.
func (c *cursor) release() {
	c.close()
	c.buf = nil
}

// use opens volume i, checks its label and stands at its beginning.
func (c *cursor) use(i int) error {
	if i == c.at && c.src != nil {
		c.off = c.headerSize
		return nil
	}
	c.close()
	src, err := openSource(c.vols[i])
	if err != nil {
		return err
	}
	c.at, c.src, c.off, c.buf = i, src, c.headerSize, c.buf[:0]
	if src.Size() == 0 {
		return nil
	}
	head := c.bytes(0, int(min(c.headerSize, src.Size())), false)
	if int64(len(head)) < c.headerSize || int64(binary.BigEndian.Uint32(head)) != c.headerSize {
		return c.fail(0, "", pcp.ErrNotArchive)
	}
	h, err := archive.DecodeHeader(head[4 : len(head)-4])
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.vols[i].Path, err)
	case h.Version != c.version || int(h.Volume) != c.vols[i].Volume:
		return c.fail(0, fmt.Sprintf("label of %s volume %d", h.Version, h.Volume), pcp.ErrMismatch)
	}
	return nil
}

// bytes returns n bytes at off, nil if the volume does not hold them. back says
// that what precedes them will be wanted next.
func (c *cursor) bytes(off int64, n int, back bool) []byte {
	size := c.src.Size()
	if off < 0 || off+int64(n) > size {
		return nil
	}
	if off >= c.bufAt && off+int64(n) <= c.bufAt+int64(len(c.buf)) {
		return c.buf[off-c.bufAt:][:n]
	}
	from, length := off, int64(max(n, window))
	if back {
		from = max(0, off+int64(n)-length)
	}
	if c.load(from, min(length, size-from)); back && int64(len(c.buf)) < off-from+int64(n) {
		from = off // what precedes it may be damaged
		c.load(from, int64(n))
	}
	if int64(len(c.buf)) < off-from+int64(n) {
		return nil
	}
	return c.buf[off-from:][:n]
}

// load fills the buffer with length bytes from an offset on, fewer on failure.
// What it holds of them already is not read again.
func (c *cursor) load(from, length int64) {
	var kept []byte
	if from >= c.bufAt && from < c.bufAt+int64(len(c.buf)) {
		kept = c.buf[from-c.bufAt:]
		kept = kept[:min(int64(len(kept)), length)]
	}
	room := c.buf[:cap(c.buf)]
	if int64(len(room)) < length {
		room = make([]byte, length)
	}
	have := copy(room, kept)
	got := 0
	if int64(have) < length {
		got, _ = c.src.ReadAt(room[have:length], from+int64(have)) // a short read shows
	}
	c.buf, c.bufAt = room[:have+got], from
}

// next returns the frame that follows, in whatever volume; io.EOF at the end.
// Fewer bytes than a length at the end of a volume are none.
func (c *cursor) next() (frame, error) {
	for c.src == nil || c.off+4 > c.src.Size() {
		if err := c.turn(+1); err != nil {
			return frame{}, err
		}
	}
	head := c.bytes(c.off, 4, false)
	if head == nil {
		return frame{}, c.fail(c.off, "", pcp.ErrUnfinished)
	}
	n := int(int32(binary.BigEndian.Uint32(head)))
	if n < 8 {
		return frame{}, c.fail(c.off, fmt.Sprintf("length %d", n), pcp.ErrRange)
	}
	raw := c.bytes(c.off, n, false)
	if raw == nil {
		return frame{}, c.fail(c.off, fmt.Sprintf("length %d", n), pcp.ErrUnfinished)
	}
	f, err := c.frame(c.off, raw)
	if err == nil {
		c.off += int64(n)
	}
	return f, err
}

// prev returns the frame before this place; io.EOF at the beginning.
func (c *cursor) prev() (frame, error) {
	for c.src == nil || c.off <= c.headerSize {
		if err := c.turn(-1); err != nil {
			return frame{}, err
		}
	}
	tail := c.bytes(c.off-4, 4, true)
	if tail == nil {
		return frame{}, c.fail(c.off, "", pcp.ErrUnfinished)
	}
	n := int64(int32(binary.BigEndian.Uint32(tail)))
	if n < 8 || c.off-n < c.headerSize {
		return frame{}, c.fail(c.off-4, fmt.Sprintf("length %d", n), pcp.ErrRange)
	}
	f, err := c.frame(c.off-n, c.bytes(c.off-n, int(n), true))
	if err == nil {
		c.off -= n
	}
	return f, err
}

// frame checks that the lengths before and after a record agree.
func (c *cursor) frame(off int64, raw []byte) (frame, error) {
	n := len(raw)
	if n < 8 {
		return frame{}, c.fail(off, "", pcp.ErrUnfinished)
	}
	head, tail := int32(binary.BigEndian.Uint32(raw)), int32(binary.BigEndian.Uint32(raw[n-4:]))
	if head != tail {
		return frame{}, c.fail(off, fmt.Sprintf("%d before, %d after", head, tail), pcp.ErrTrailer)
	}
	m := c.vols[c.at]
	pos := archive.Pos{File: m.Path, Role: m.Role, Volume: m.Volume, Offset: off}
	return frame{pos: pos, size: n, payload: raw[4 : n-4 : n-4]}, nil
}

// turn goes on to the next volume that holds more than its label.
func (c *cursor) turn(step int) error {
	for i := c.at + step; i >= 0 && i < len(c.vols); i += step {
		if err := c.use(i); err != nil {
			return err
		}
		if c.src.Size() > c.headerSize {
			if step < 0 {
				c.off = c.src.Size()
			}
			return nil
		}
	}
	return io.EOF
}

// fail tells what is wrong at an offset of the volume.
func (c *cursor) fail(off int64, detail string, err error) error {
	return &pcp.FormatError{File: c.vols[c.at].Path, Offset: off, Kind: pcp.KindNone, Detail: detail, Err: err}
}
