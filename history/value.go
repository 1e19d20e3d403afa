package history

import (
	"math"
	"math/bits"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// MaxBlock is the largest length of a value block in bytes, including its
// header of 4 bytes. The length field has 24 bits.
const MaxBlock = 0xffffff

// Value is a stored value of a metric: an instance and either a number or
// bytes. [Value.Number] reads the number; it needs the metric's type.
type Value struct {
	Inst pcp.InstID
	// Type is the type of the value's block. It is pcp.TypeUnknown for a 32-bit
	// value without a block, whose type is that of the metric.
	Type pcp.Type
	// Bits hold the bit pattern of a number of 4 or 8 bytes.
	Bits uint64
	// Data is the content of a block that holds no number, otherwise nil. In a
	// value read from an archive it shares memory with the record.
	Data []byte
}

// NumberValue returns a value of a 64-bit or floating-point type t.
func NumberValue(inst pcp.InstID, t pcp.Type, bits uint64) Value {
	return Value{Inst: inst, Type: t, Bits: bits}
}

// DoubleValue returns a value of type double.
func DoubleValue(inst pcp.InstID, v float64) Value {
	return Value{Inst: inst, Type: pcp.TypeDouble, Bits: math.Float64bits(v)}
}

// WordValue returns a value of type 32 or u32.
func WordValue(inst pcp.InstID, word uint32) Value {
	return Value{Inst: inst, Type: pcp.TypeUnknown, Bits: uint64(word)}
}

// StringValue returns a value of type string.
func StringValue(inst pcp.InstID, s string) Value {
	return Value{Inst: inst, Type: pcp.TypeString, Data: append([]byte(s), 0)}
}

// is reports whether v holds a number of type t.
func (v *Value) is(t pcp.Type) bool {
	if v.Data != nil || !t.IsNumeric() {
		return false
	}
	return v.Type == t || v.Type == pcp.TypeUnknown && t.Size() == 4
}

// Number returns the value of a metric of type t as a float64, rounding
// integers beyond 2^53. ok is false if t is not numeric or the stored value has
// another type.
func (v *Value) Number(t pcp.Type) (f float64, ok bool) {
	if !v.is(t) {
		return 0, false
	}
	switch t {
	case pcp.Type32:
		return float64(int32(v.Bits)), true
	case pcp.TypeU32:
		return float64(uint32(v.Bits)), true
	case pcp.Type64:
		return float64(int64(v.Bits)), true
	case pcp.TypeU64:
		return float64(v.Bits), true
	case pcp.TypeFloat:
		return float64(math.Float32frombits(uint32(v.Bits))), true
	}
	return math.Float64frombits(v.Bits), true
}

// Exact reports whether a float64 holds the number. An integer of 64 bits may have too many
// digits for that.
func (v *Value) Exact() bool {
	n := v.Bits
	switch v.Type {
	case pcp.TypeU64:
	case pcp.Type64:
		if int64(n) < 0 {
			n = -n
		}
	default:
		return true
	}
	return bits.Len64(n)-bits.TrailingZeros64(n) <= 53
}

// Text returns a string value without its terminator.
func (v Value) Text() string { return string(wire.UntilNUL(v.Data)) }
