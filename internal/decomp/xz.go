package decomp

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// An xz file consists of streams, which may have padding between them:
//
//	stream: header 12 | blocks | index | footer 12
//	header: magic 6 | flags 2 | CRC-32 of flags
//	block:  header | contents | padding to 4 | check
//	index:  0 | number of blocks | per block: stored length without padding,
//	        decoded length | padding to 4 | CRC-32; numbers of variable length
//	footer: CRC-32 of the next two | length of index/4 - 1, 4 | flags 2 | "YZ"
const (
	xzEnds = 12

	// Bits of window.flags above the second byte of the stream's flags.
	xzBlock   = 1 << 15
	xzPadding = 8 // two bits: bytes of padding after the block

	maxPadding = 64 << 10 // longest padding of a file, which is read word by word
)

// xzWindows finds the blocks through the indexes, from the last stream to the
// first.
func xzWindows(t *table) {
	var streams [][]window
	end, padding := t.size, 0
	for end > 0 {
		var word [4]byte
		if end%4 == 0 && padding < maxPadding && t.read(word[:], end-4) && word == [4]byte{} {
			end -= 4
			padding += 4
			continue
		}
		blocks, start, ok := xzStreamWindows(t, end)
		if !ok {
			return
		}
		streams = append(streams, blocks)
		end = start
	}
	slices.Reverse(streams)
	t.windows = slices.Concat(streams...)
	t.layOut()
	t.ok = true
}

// xzStreamWindows returns the blocks of the stream that ends at offset end.
func xzStreamWindows(t *table, end int64) (blocks []window, start int64, ok bool) {
	var footer, header [xzEnds]byte
	if !t.read(footer[:], end-xzEnds) || string(footer[10:]) != "YZ" || crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer[:]) {
		return nil, 0, false
	}
	length := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	if length > maxTable {
		return nil, 0, false
	}
	index := make([]byte, min(length, max(end, 0)))
	at := end - xzEnds - length
	if !t.read(index, at) {
		return nil, 0, false
	}
	blocks, total, ok := xzIndex(index)
	start = at - total - xzEnds
	if !ok || !t.read(header[:], start) || !bytes.Equal(header[:6], []byte(xzMagic)) || !bytes.Equal(header[6:8], footer[8:10]) {
		return nil, 0, false
	}
	for i := range blocks {
		blocks[i].in += start + xzEnds
		blocks[i].flags |= uint16(header[7])
	}
	return blocks, start, true
}

// xzIndex decodes an index. The offsets are relative to the first block; total
// is the stored length of all blocks.
func xzIndex(index []byte) (blocks []window, total int64, ok bool) {
	body := index[:len(index)-4]
	if len(body) < 2 || body[0] != 0 || crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(index[len(body):]) {
		return nil, 0, false
	}
	rest := body[1:]
	next := func() int64 {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > math.MaxInt64/4 {
			ok = false
			return 0
		}
		rest = rest[size:]
		return int64(n)
	}
	ok = true
	count := next()
	if !ok || count > int64(len(rest))/2 {
		return nil, 0, false
	}
	held := int64(0)
	for range count {
		unpadded := next()
		w := window{in: total, stored: (unpadded + 3) &^ 3, size: next(), flags: xzBlock | uint16(-unpadded&3)<<xzPadding}
		if !ok || unpadded == 0 || total > math.MaxInt64/4-w.stored || held > math.MaxInt64/4-w.size {
			return nil, 0, false
		}
		total += w.stored
		held += w.size
		blocks = append(blocks, w)
	}
	return blocks, total, true
}

// xzStream wraps a block in a stream with a matching index, so that a decoder
// can check it like a file.
func xzStream(block io.Reader, w window) io.Reader {
	flags := []byte{0, byte(w.flags)}
	header := append([]byte(xzMagic), flags...)
	header = binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(flags))

	index := binary.AppendUvarint([]byte{0, 1}, uint64(w.stored-int64(w.flags>>xzPadding&3)))
	index = binary.AppendUvarint(index, uint64(w.size))
	for len(index)%4 != 0 {
		index = append(index, 0)
	}
	index = binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(index))

	tail := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	tail = append(tail, flags...)
	footer := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(tail))
	footer = append(append(footer, tail...), "YZ"...)

	return io.MultiReader(bytes.NewReader(header), block, bytes.NewReader(append(index, footer...)))
}
