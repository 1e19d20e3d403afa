package wire

import (
	"encoding/binary"
	"strconv"
)

// AppendU32 appends a big-endian 32-bit word.
func AppendU32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }

// AppendU64 appends a big-endian 64-bit word.
func AppendU64(b []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(b, v) }

// AppendU16 appends a big-endian 16-bit word.
func AppendU16(b []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(b, v) }

// AppendCString appends s as a fixed field of n bytes, padded with NULs. It
// truncates s to n-1 bytes.
func AppendCString(b []byte, s string, n int) []byte {
	s = s[:min(len(s), n-1)]
	b = append(b, s...)
	return append(b, make([]byte, n-len(s))...)
}

// BeginFrame appends space for a record's leading length and returns its
// position.
func BeginFrame(b []byte) ([]byte, int) { return AppendU32(b, 0), len(b) }

// EndFrame completes the record that begins at start: it writes the record's
// length, including both length words, before and after the payload.
func EndFrame(b []byte, start int) []byte {
	n := uint32(len(b) - start + 4)
	binary.BigEndian.PutUint32(b[start:], n)
	return AppendU32(b, n)
}

func decimal(n int32) string { return strconv.Itoa(int(n)) }
