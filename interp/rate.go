package interp

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// RateUnits returns the units of the rate of a counter that has units u, and how
// many of their time units a second has: the difference of two values is to be
// divided by the seconds between them times perSecond. What counts no time gets
// a rate per second. What counts time gets one per its own unit of time, which
// cancels out: a counter of milliseconds has a rate without units.
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

// Delta returns how much greater b is than a, both values of a metric of type t.
// Integers are subtracted as such, so a small difference of large values is
// exact. It returns NaN if one of them is not of type t.
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

// WrapOf returns after how many steps a counter of type t begins anew, 0 if it
// does not.
func WrapOf(t pcp.Type) float64 {
	switch t {
	case pcp.Type32, pcp.TypeU32:
		return 1 << 32
	case pcp.Type64, pcp.TypeU64:
		return 1 << 64
	}
	return 0
}

// Coerce returns a value of a metric of type t that is marked to be of another
// type of the same length as one of type t. Loggers of 1996 marked all as 32.
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
