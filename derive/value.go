package derive

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// val is a value of an instance. Numbers have their bits, other values are kept as they
// are.
type val struct {
	inst pcp.InstID
	bits uint64
	raw  history.Value
	at   pcp.Timestamp // of the observation
}

// toFloat returns a number of a type as a double.
func toFloat(bits uint64, t pcp.Type) float64 {
	switch t {
	case pcp.Type32:
		return float64(int32(bits))
	case pcp.TypeU32:
		return float64(uint32(bits))
	case pcp.Type64:
		return float64(int64(bits))
	case pcp.TypeU64:
		return float64(bits)
	case pcp.TypeFloat:
		return float64(math.Float32frombits(uint32(bits)))
	}
	return math.Float64frombits(bits)
}

// fromFloat returns a double as a number of a type.
func fromFloat(f float64, t pcp.Type) uint64 {
	switch t {
	case pcp.Type32, pcp.TypeU32:
		return uint64(uint32(toInt(f)))
	case pcp.Type64:
		return uint64(toInt(f))
	case pcp.TypeU64:
		if f >= math.MaxInt64 {
			if f >= math.MaxUint64 {
				return math.MaxUint64
			}
			return uint64(f)
		}
		return uint64(toInt(f))
	case pcp.TypeFloat:
		return uint64(math.Float32bits(float32(f)))
	}
	return math.Float64bits(f)
}

// toInt converts a double. It saturates, because what Go does with numbers that do not fit
// depends on the processor.
func toInt(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// integer returns a 32-bit or 64-bit number with its sign, as 64 bits.
func integer(bits uint64, t pcp.Type) uint64 {
	switch t {
	case pcp.Type32:
		return uint64(int64(int32(bits)))
	case pcp.TypeU32:
		return uint64(uint32(bits))
	}
	return bits
}

// isZero reports whether a number is zero.
func isZero(bits uint64, t pcp.Type) bool { return toFloat(bits, t) == 0 }

// truth returns 0 or 1 as a number of a type.
func truth(b bool, t pcp.Type) uint64 {
	if b {
		return fromFloat(1, t)
	}
	return fromFloat(0, t)
}

// narrow returns the bits of a number as values have them.
func narrow(bits uint64, t pcp.Type) uint64 {
	if t.Size() == 4 {
		return uint64(uint32(bits))
	}
	return bits
}

// operate computes an operator for two numbers that are converted to a type.
func operate(k kind, t pcp.Type, a, b uint64, at, bt pcp.Type, x, y *bound) uint64 {
	switch t {
	case pcp.TypeDouble:
		l, r := toFloat(a, at)/x.div*x.mul, toFloat(b, bt)/y.div*y.mul
		return math.Float64bits(real64(k, l, r))
	case pcp.TypeFloat:
		l, r := float32(toFloat(a, at)), float32(toFloat(b, bt))
		return uint64(math.Float32bits(real32(k, l, r)))
	case pcp.Type32:
		return whole(k, int32(a), int32(b))
	case pcp.TypeU32:
		return whole(k, uint32(a), uint32(b))
	case pcp.Type64:
		return whole(k, int64(integer(a, at)), int64(integer(b, bt)))
	}
	return whole(k, integer(a, at), integer(b, bt))
}

// real64 computes an operator. A relation yields 0 or 1.
func real64(k kind, l, r float64) float64 {
	if k == kindSlash {
		if l == 0 {
			return 0
		}
		return l / r
	}
	return arithmetic(k, l, r)
}

func real32(k kind, l, r float32) float32 { return arithmetic(k, l, r) }

// whole computes an operator for integers, which wrap around.
func whole[N int32 | uint32 | int64 | uint64](k kind, l, r N) uint64 {
	return uint64(arithmetic(k, l, r))
}

// arithmetic computes an operator other than division.
func arithmetic[N int32 | uint32 | int64 | uint64 | float32 | float64](k kind, l, r N) N {
	switch k {
	case kindPlus:
		return l + r
	case kindMinus:
		return l - r
	case kindStar:
		return l * r
	}
	if relation(k, l, r) {
		return 1
	}
	return 0
}

func relation[N int32 | uint32 | int64 | uint64 | float32 | float64](k kind, l, r N) bool {
	switch k {
	case kindLT:
		return l < r
	case kindLEQ:
		return l <= r
	case kindEQ:
		return l == r
	case kindGEQ:
		return l >= r
	case kindGT:
		return l > r
	case kindNEQ:
		return l != r
	case kindAnd:
		return l != 0 && r != 0
	}
	return l != 0 || r != 0
}

// less compares two numbers of a type.
func less(a, b uint64, t pcp.Type) bool {
	switch t {
	case pcp.TypeFloat, pcp.TypeDouble:
		return toFloat(a, t) < toFloat(b, t)
	case pcp.TypeU32, pcp.TypeU64:
		return narrow(a, t) < narrow(b, t)
	}
	return int64(integer(a, t)) < int64(integer(b, t))
}

// scaled converts a number. Integers are rounded, as in libpcp.
func scaled(bits uint64, t pcp.Type, mul, div float64) uint64 {
	switch t {
	case pcp.TypeFloat, pcp.TypeDouble:
		return fromFloat(toFloat(bits, t)*(mul/div), t)
	}
	const exact = 1 << 53
	v := integer(bits, t)
	if mul >= exact || div >= exact {
		return fromFloat(toFloat(bits, t)*mul/div, t)
	}
	m, d := uint64(mul), uint64(div)
	if t == pcp.TypeU32 || t == pcp.TypeU64 {
		return narrow((v*m+d/2)/d, t)
	}
	return narrow(uint64((int64(v)*int64(m)+int64(d/2))/int64(d)), t)
}
