package dump

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// appendValue appends a value in format f of a metric of type t. A value of another type
// appears in every form that its bits may mean.
func appendValue(b []byte, t pcp.Type, f archive.Format, v *history.Value) []byte {
	if f == archive.InSitu {
		switch t {
		case pcp.Type32:
			return strconv.AppendInt(b, int64(int32(v.Bits)), 10)
		case pcp.TypeU32:
			return strconv.AppendUint(b, uint64(uint32(v.Bits)), 10)
		case pcp.TypeFloat:
			return appendFloat(b, float32At(uint32(v.Bits)), floatDigits)
		}
		return appendAnyWord(b, uint32(v.Bits))
	}
	if v.Type == t && v.Data == nil {
		if out, ok := appendNumber(b, t, v.Bits); ok {
			return out
		}
	}
	if t == pcp.TypeString && (v.Type == t || v.Type == 0) {
		return append(append(append(b, '"'), wire.UntilNUL(v.Data)...), '"')
	}
	if v.Type == 0 && len(v.Data) == t.Size() { // converted old archives keep the byte order of their host
		if out, ok := appendNumber(b, t, littleEndian(v.Data)); ok {
			return out
		}
	}
	return appendAnyBlock(b, memory(v))
}

// appendNumber appends a number of a type that is stored in a block. ok is false for
// other types.
func appendNumber(b []byte, t pcp.Type, bits uint64) (out []byte, ok bool) {
	switch t {
	case pcp.Type64:
		return strconv.AppendInt(b, int64(bits), 10), true
	case pcp.TypeU64:
		return strconv.AppendUint(b, bits, 10), true
	case pcp.TypeFloat:
		return appendFloat(b, float32At(uint32(bits)), floatDigits), true
	case pcp.TypeDouble:
		return appendFloat(b, math.Float64frombits(bits), doubleDigits), true
	}
	return b, false
}

func float32At(bits uint32) float64 {
	f := float64(math.Float32frombits(bits))
	if math.IsNaN(f) { // the conversion may drop the sign of a NaN
		return math.Copysign(f, float64(int32(bits)))
	}
	return f
}

// appendAnyWord appends a word of unknown type: as an unsigned integer, as a float unless
// it is NaN, and in hexadecimal.
func appendAnyWord(b []byte, word uint32) []byte {
	b = strconv.AppendUint(b, uint64(word), 10)
	if f := float32At(word); !math.IsNaN(f) {
		b = appendFloat(append(b, ' '), f, floatDigits)
	}
	return strconv.AppendUint(append(b, " 0x"...), uint64(word), 16)
}

// appendAnyBlock appends a block of unknown type: as numbers of its length, as text if it
// is printable, and in hexadecimal.
func appendAnyBlock(b []byte, mem []byte) []byte {
	switch len(mem) {
	case 8:
		bits := littleEndian(mem)
		b = append(strconv.AppendUint(b, bits, 10), ' ')
		if f := math.Float64frombits(bits); !math.IsNaN(f) {
			b = append(appendFloat(b, f, doubleDigits), ' ')
		}
	case 4:
		if f := float32At(uint32(littleEndian(mem))); !math.IsNaN(f) {
			b = append(appendFloat(b, f, floatDigits), ' ')
		}
	}
	if printable(mem) {
		b = append(append(append(b, '"'), mem...), `" `...)
	}
	return append(hex.AppendEncode(append(b, '['), mem), ']')
}

func printable(mem []byte) bool {
	for _, c := range mem {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// memory returns a block's content as pmdumplog holds it in memory on a
// little-endian host: it swaps the bytes of numbers and keeps other content.
func memory(v *history.Value) []byte {
	if v.Data == nil {
		return binary.LittleEndian.AppendUint64(nil, v.Bits)[:v.Type.Size()]
	}
	size := v.Type.Size()
	if size == 0 || size > len(v.Data) || v.Type == pcp.Type32 || v.Type == pcp.TypeU32 {
		return v.Data
	}
	mem := append([]byte(nil), v.Data...)
	for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
		mem[i], mem[j] = mem[j], mem[i]
	}
	return mem
}

func littleEndian(mem []byte) uint64 {
	var room [8]byte
	copy(room[:], mem)
	return binary.LittleEndian.Uint64(room[:])
}
