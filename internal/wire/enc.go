package wire

import (
	"encoding/binary"
	"strconv"
)

// AppendU32 appends a big-endian word.
func AppendU32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }

// AppendU64 appends a big-endian double word.
func AppendU64(b []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(b, v) }

// AppendU16 appends a big-endian half word.
func AppendU16(b []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(b, v) }

// AppendCString appends s in a fixed field of n bytes, cut to leave room for
// one NUL and filled with NULs.
func AppendCString(b []byte, s string, n int) []byte {
	s = s[:min(len(s), n-1)]
	b = append(b, s...)
	return append(b, make([]byte, n-len(s))...)
}

// BeginFrame appends room for a record's leading length and returns where it is.
func BeginFrame(b []byte) ([]byte, int) { return AppendU32(b, 0), len(b) }

// EndFrame closes the record begun at start: it writes the length, which counts
// both length words, before and after the payload.
func EndFrame(b []byte, start int) []byte {
	n := uint32(len(b) - start + 4)
	binary.BigEndian.PutUint32(b[start:], n)
	return AppendU32(b, n)
}

func decimal(n int32) string { return strconv.Itoa(int(n)) }
