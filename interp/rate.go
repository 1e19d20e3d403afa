package interp

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// RateUnits returns the units of the rate of a counter with units u, and the number of the
// rate's time units in a second. The rate is the difference of two values, divided by the
// seconds between them and by perSecond. A counter that does not count time has a rate per
// second. A counter of time has a rate per its own unit of time, which cancels out: the
// rate of a counter of milliseconds has no units.
func RateUnits(u pcp.Units) (rate pcp.Units, perSecond float64) {
	perSecond = 1
	switch {
	case u.DimTime == 0:
		u.ScaleTime = pcp.TimeSec
	case u.ScaleTime > pcp.TimeSec:
		perSecond = math.Pow(60, float64(pcp.TimeSec)-float64(u.ScaleTime))
	default:
		perSecond = math.Pow(1000, float64(pcp.TimeSec)-float64(u.ScaleTime))
	}
	u.DimTime--
	return u, perSecond
}

// Delta returns b minus a, for values of a metric of type t. It subtracts integers as
// integers, so a small difference of large values is exact. It returns NaN if a value is
// not of type t.
func Delta(a, b history.Value, t pcp.Type) float64 {
	x, ok := a.Number(t)
	y, ok2 := b.Number(t)
	switch {
	case !ok || !ok2:
		return math.NaN()
	case t == pcp.Type64 || t == pcp.TypeU64:
		return Delta64(a.Bits, b.Bits, t)
	}
	return y - x
}

// Delta64 is [Delta] of the bits of 64-bit integers.
func Delta64(a, b uint64, t pcp.Type) float64 {
	if t == pcp.Type64 && int64(b) < int64(a) || t == pcp.TypeU64 && b < a {
		return -float64(a - b)
	}
	return float64(b - a)
}

// WrapOf returns the number of values after which a counter of type t overflows, or 0 if it
// does not overflow.
func WrapOf(t pcp.Type) float64 {
	switch t {
	case pcp.Type32, pcp.TypeU32:
		return 1 << 32
	case pcp.Type64, pcp.TypeU64:
		return 1 << 64
	}
	return 0
}

// Coerce changes the type of a value to t if the stored type has the same length as t.
// Loggers of 1996 stored every type as 32. ok is false if Coerce did not change the value.
func Coerce(v history.Value, t pcp.Type) (w history.Value, ok bool) {
	switch {
	case !t.IsNumeric():
		return v, false
	case v.Data == nil && (v.Type == pcp.TypeUnknown || v.Type.Size() != t.Size()):
		return v, false
	case len(v.Data) > 0 && len(v.Data) != t.Size():
		return v, false
	}
	for _, b := range v.Data {
		v.Bits = v.Bits<<8 | uint64(b)
	}
	v.Data, v.Type = nil, t
	return v, true
}
