package dump

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// readSize is the number of bytes that one read of a volume fetches.
const readSize = 512 << 10

// cursor walks the frames of the data volumes in both directions. Its position is
// always between two frames. A failure does not move it.
type cursor struct {
	vols       []archive.Member // the data volumes, by ascending number
	headerSize int64            // length of a volume's label in bytes
	version    pcp.Version

	at  int     // index of the current volume in vols
	src *source // the current volume; nil if it is closed
	off int64   // offset of the cursor in the current volume

	buf   []byte // bytes of the current volume from offset bufAt on
	bufAt int64
}

// frame is a framed data record.
type frame struct {
	pos     archive.Pos
	size    int    // length of the record in bytes, including the two length fields
	payload []byte // valid until the cursor moves
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

// openVolume opens volume i, checks its label and moves the cursor to its first record.
func (c *cursor) openVolume(i int) error {
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
		return c.errorAt(0, "", pcp.ErrNotArchive)
	}
	h, err := archive.DecodeHeader(head[4 : len(head)-4])
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.vols[i].Path, err)
	case h.Version != c.version || int(h.Volume) != c.vols[i].Volume:
		return c.errorAt(0, fmt.Sprintf("label of %s volume %d", h.Version, h.Volume), pcp.ErrMismatch)
	}
	return nil
}

// bytes returns n bytes at off, or nil if the volume is shorter. back means that the
// next call will probably ask for bytes before off.
func (c *cursor) bytes(off int64, n int, back bool) []byte {
	size := c.src.Size()
	if off < 0 || off+int64(n) > size {
		return nil
	}
	if off >= c.bufAt && off+int64(n) <= c.bufAt+int64(len(c.buf)) {
		return c.buf[off-c.bufAt:][:n]
	}
	from, length := off, int64(max(n, readSize))
	if back {
		from = max(0, off+int64(n)-length)
	}
	if c.load(from, min(length, size-from)); back && int64(len(c.buf)) < off-from+int64(n) {
		from = off // the bytes before it may be damaged
		c.load(from, int64(n))
	}
	if int64(len(c.buf)) < off-from+int64(n) {
		return nil
	}
	return c.buf[off-from:][:n]
}

// load fills the buffer with length bytes from an offset on, or with fewer after a
// failure. It does not read bytes again that the buffer already holds.
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
		got, _ = c.src.ReadAt(room[have:length], from+int64(have)) // the caller checks the length
	}
	c.buf, c.bufAt = room[:have+got], from
}

// next returns the next frame, if need be from a later volume, or io.EOF after the
// last frame. It ignores up to three bytes at the end of a volume.
func (c *cursor) next() (frame, error) {
	for c.src == nil || c.off+4 > c.src.Size() {
		if err := c.changeVolume(+1); err != nil {
			return frame{}, err
		}
	}
	head := c.bytes(c.off, 4, false)
	if head == nil {
		return frame{}, c.errorAt(c.off, "", pcp.ErrUnfinished)
	}
	n := int(int32(binary.BigEndian.Uint32(head)))
	if n < 8 {
		return frame{}, c.errorAt(c.off, fmt.Sprintf("length %d", n), pcp.ErrRange)
	}
	raw := c.bytes(c.off, n, false)
	if raw == nil {
		return frame{}, c.errorAt(c.off, fmt.Sprintf("length %d", n), pcp.ErrUnfinished)
	}
	f, err := c.frame(c.off, raw)
	if err == nil {
		c.off += int64(n)
	}
	return f, err
}

// prev returns the previous frame, or io.EOF before the first frame.
func (c *cursor) prev() (frame, error) {
	for c.src == nil || c.off <= c.headerSize {
		if err := c.changeVolume(-1); err != nil {
			return frame{}, err
		}
	}
	tail := c.bytes(c.off-4, 4, true)
	if tail == nil {
		return frame{}, c.errorAt(c.off, "", pcp.ErrUnfinished)
	}
	n := int64(int32(binary.BigEndian.Uint32(tail)))
	if n < 8 || c.off-n < c.headerSize {
		return frame{}, c.errorAt(c.off-4, fmt.Sprintf("length %d", n), pcp.ErrRange)
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
		return frame{}, c.errorAt(off, "", pcp.ErrUnfinished)
	}
	head, tail := int32(binary.BigEndian.Uint32(raw)), int32(binary.BigEndian.Uint32(raw[n-4:]))
	if head != tail {
		return frame{}, c.errorAt(off, fmt.Sprintf("%d before, %d after", head, tail), pcp.ErrTrailer)
	}
	m := c.vols[c.at]
	pos := archive.Pos{File: m.Path, Role: m.Role, Volume: m.Volume, Offset: off}
	return frame{pos: pos, size: n, payload: raw[4 : n-4 : n-4]}, nil
}

// changeVolume moves to the next volume in the direction of step that holds more
// than its label, or returns io.EOF.
func (c *cursor) changeVolume(step int) error {
	for i := c.at + step; i >= 0 && i < len(c.vols); i += step {
		if err := c.openVolume(i); err != nil {
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

// errorAt returns a format error at an offset of the current volume.
func (c *cursor) errorAt(off int64, detail string, err error) error {
	return &pcp.FormatError{File: c.vols[c.at].Path, Offset: off, Kind: pcp.KindNone, Detail: detail, Err: err}
}
