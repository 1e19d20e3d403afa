package archive

import (
	"encoding/binary"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// blockSize returns the length of a value's block in bytes, including its
// header but not its padding.
func blockSize(v *history.Value) int {
	if v.Data != nil {
		return 4 + len(v.Data)
	}
	return 4 + v.Type.Size() // zero bytes for types that are not numeric
}

// appendBlock appends a value's block, padded to a multiple of 4 bytes.
func appendBlock(b []byte, v *history.Value) []byte {
	size := blockSize(v)
	b = wire.AppendU32(b, uint32(v.Type)<<24|uint32(size))
	switch {
	case v.Data != nil:
		b = append(b, v.Data...)
	case size == 12:
		return wire.AppendU64(b, v.Bits)
	case size == 8:
		return wire.AppendU32(b, uint32(v.Bits))
	}
	for ; size%4 != 0; size++ {
		b = append(b, pad)
	}
	return b
}

// pad is the byte that pads blocks.
const pad = '~'

// decodeBlock decodes the content of a block with the given header word.
func decodeBlock(v *history.Value, header uint32, content []byte) {
	v.Type, v.Bits = pcp.Type(header>>24), 0
	switch {
	case len(content) == 8 && (v.Type == pcp.Type64 || v.Type == pcp.TypeU64 || v.Type == pcp.TypeDouble):
		v.Bits = binary.BigEndian.Uint64(content)
	case len(content) == 4 && v.Type == pcp.TypeFloat:
		v.Bits = uint64(binary.BigEndian.Uint32(content))
	default:
		v.Data = content
	}
}
