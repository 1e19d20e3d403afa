package interp

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// between returns the value at t on the line between two observations. It adds to an
// integer instead of converting it, which keeps integers beyond 2^53 exact. ok is false if
// an observation is not of type typ.
func between(a, b *observation, t pcp.Timestamp, typ pcp.Type, o *Options) (v history.Value, ok bool) {
	d := Delta(a.value, b.value, typ)
	if math.IsNaN(d) {
		return a.value, false
	}
	if d < 0 && (o.Wrap || o.Overflow && overflows(d, typ)) {
		d += WrapOf(typ)
	}
	d *= t.Sub(a.stamp).Seconds() / b.stamp.Sub(a.stamp).Seconds()
	v = a.value
	switch typ {
	case pcp.TypeFloat:
		f, _ := v.Number(typ)
		v.Bits = uint64(math.Float32bits(float32(f + d)))
	case pcp.TypeDouble:
		v.Bits = math.Float64bits(math.Float64frombits(v.Bits) + d)
	default:
		v.Bits = addSigned(v.Bits, round(v, d, typ))
		if typ.Size() == 4 {
			v.Bits = uint64(uint32(v.Bits))
		}
	}
	return v, true
}

// overflows reports whether a decrease of a counter is by more than half of its 32 bits.
func overflows(d float64, typ pcp.Type) bool {
	return (typ == pcp.Type32 || typ == pcp.TypeU32) && d < -(1<<31)
}

// round rounds d to a whole number so that a+d is rounded as libpcp does it: it adds
// a half and cuts the fraction, even of a negative number.
func round(a history.Value, d float64, typ pcp.Type) float64 {
	if f, _ := a.Number(typ); f+d+0.5 < 0 {
		return math.Ceil(d + 0.5)
	}
	return math.Floor(d + 0.5)
}

// addSigned adds a whole number of either sign to 64 bits.
func addSigned(bits uint64, d float64) uint64 {
	if d < 0 {
		return bits - magnitude(-d)
	}
	return bits + magnitude(d)
}

// magnitude converts f to an integer. It cuts f to the range in which Go defines the
// conversion.
func magnitude(f float64) uint64 {
	if f >= 1<<64 {
		return math.MaxUint64
	}
	return uint64(f)
}
