package decomp

import (
	"encoding/binary"
	"math"

	"github.com/klauspost/compress/zstd"
)

// A zstd file consists of frames. A frame states the length of its contents if
// the writer knew it:
//
//	frame:     magic 4 | header | blocks | checksum 4 if the header says so
//	block:     last 1 bit, type 2 bits, length 21 bits | contents
//	skippable: magic 4 | length 4 | contents, which decoders ignore
//
// The seekable format adds a skippable frame at the end:
//
//	per frame: stored length 4 | decoded length 4 | checksum 4 if flagged
//	number of frames 4 | flags 1 | magic 4
const (
	seekTableMagic = 0x8f92eab1
	seekTableEnd   = 9
	seekChecksums  = 1 << 7
	skipHeader     = 8
)

// zstdWindow is the length below which adjacent frames form one window.
const zstdWindow = 256 << 10

// zstdWindows finds the frames of a file.
func zstdWindows(t *table) {
	if !zstdSeekTable(t) {
		t.windows = nil
		zstdScan(t)
	}
	t.layOut()
	t.ok = t.err == nil
}

// add adds a frame that begins at the end of the previous frame.
func (t *table) add(stored, size int64) {
	last := len(t.windows) - 1
	if last < 0 {
		t.windows = append(t.windows, window{stored: stored, size: size})
		return
	}
	w := &t.windows[last]
	if size != unknown && w.size+size <= zstdWindow {
		w.stored += stored
		w.size += size
		return
	}
	t.windows = append(t.windows, window{in: w.in + w.stored, stored: stored, size: size})
}

// zstdSeekTable adds the frames listed in a seek table.
func zstdSeekTable(t *table) bool {
	var end [seekTableEnd]byte
	if !t.read(end[:], t.size-seekTableEnd) || binary.LittleEndian.Uint32(end[5:]) != seekTableMagic {
		return false
	}
	n, each := int64(binary.LittleEndian.Uint32(end[:])), int64(8)
	if end[4]&seekChecksums != 0 {
		each = 12
	}
	length := n*each + seekTableEnd
	if length > maxTable {
		return false
	}
	raw := make([]byte, skipHeader+length)
	start := t.size - int64(len(raw))
	if !t.read(raw, start) || binary.LittleEndian.Uint32(raw)&skipMagicMask != skipMagic || int64(binary.LittleEndian.Uint32(raw[4:])) != length {
		return false
	}
	total := int64(0)
	for e := raw[skipHeader:]; int64(len(e)) >= each+seekTableEnd; e = e[each:] {
		stored := int64(binary.LittleEndian.Uint32(e))
		t.add(stored, int64(binary.LittleEndian.Uint32(e[4:])))
		total += stored
	}
	return total == start
}

// zstdScan walks the headers of frames and blocks. Everything after a frame of
// unknown length or a damaged header forms one window to the end of the file.
func zstdScan(t *table) {
	for pos := int64(0); pos < t.size; {
		next, size := zstdFrame(t, pos)
		if size == unknown {
			t.add(t.size-pos, unknown)
			return
		}
		t.add(next-pos, size)
		pos = next
	}
}

// zstdFrame returns the offset at which the frame at pos ends and the length of
// its contents. Either may be unknown.
func zstdFrame(t *table, pos int64) (next, size int64) {
	head := make([]byte, min(zstd.HeaderMaxSize, t.size-pos))
	var h zstd.Header
	if !t.read(head, pos) {
		return unknown, unknown
	}
	if err := h.Decode(head); err != nil {
		return unknown, unknown
	}
	next = pos + int64(h.HeaderSize)
	if h.Skippable {
		next += int64(h.SkippableSize)
		if next > t.size {
			return unknown, unknown
		}
		return next, 0
	}
	if next = zstdBlocks(t, next); next == unknown {
		return unknown, unknown
	}
	if h.HasCheckSum {
		next += 4
	}
	if next > t.size {
		return unknown, unknown
	}
	if !h.HasFCS || h.FrameContentSize > math.MaxInt64/4 {
		return next, unknown
	}
	return next, int64(h.FrameContentSize)
}

// zstdBlocks returns the offset at which the blocks that begin at pos end.
func zstdBlocks(t *table, pos int64) int64 {
	const last, typeRLE, typeReserved = 1, 1, 3
	var head [3]byte
	for {
		if !t.read(head[:], pos) {
			return unknown
		}
		bits := uint24(head[:])
		n := int64(bits >> 3)
		switch bits >> 1 & 3 {
		case typeReserved:
			return unknown
		case typeRLE:
			n = 1
		}
		pos += 3 + n
		if bits&last != 0 {
			return pos
		}
	}
}
