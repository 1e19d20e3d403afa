package native

import (
	"math"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// value returns the value of a slot in the type of its metric.
func (n *Gatherer) value(s *slot) history.Value {
	d, id := s.metric.metric.Desc, s.series.Inst.ID
	if d.Type == pcp.TypeString {
		return history.StringValue(id, s.text)
	}
	v := s.sum
	if s.scaled && d.Type <= pcp.TypeU64 {
		v = whole(v)
	}
	if d.Sem == pcp.SemCounter && (d.Type == pcp.TypeU32 || d.Type == pcp.Type32) {
		v = wrap(v, d.Type)
	}
	bits, exact := numberBits(d.Type, v)
	if !exact && (!s.scaled || d.Type != pcp.TypeFloat) { // PCP's agent rounds scaled floats, too
		n.report.Add(prom.LossRounded, s.metric.metric.Name)
	}
	switch d.Type {
	case pcp.Type32, pcp.TypeU32:
		return history.WordValue(id, uint32(bits))
	}
	return history.NumberValue(id, d.Type, bits)
}

// whole rounds v to the nearest whole number if they differ only by an error of
// floating-point arithmetic, else towards zero, as agents divide whole numbers.
func whole(v float64) float64 {
	if r := math.Round(v); math.Abs(v-r) <= 1e-6+math.Abs(v)*1e-12 {
		return r
	}
	return math.Trunc(v)
}

// wrap reduces a counter to 32 bits: modulo 2³², and signed for [pcp.Type32].
func wrap(v float64, t pcp.Type) float64 {
	switch {
	case v < 0 || v > math.MaxUint64/2:
		return v
	case t == pcp.TypeU32:
		return math.Mod(v, 1<<32)
	}
	return float64(int32(uint64(v)))
}

// numberBits returns the bits of the value of a numeric type that is nearest to v,
// and whether it equals v.
func numberBits(t pcp.Type, v float64) (bits uint64, exact bool) {
	switch t {
	case pcp.TypeFloat:
		return uint64(math.Float32bits(float32(v))), float64(float32(v)) == v || v != v
	case pcp.TypeDouble:
		return math.Float64bits(v), true
	}
	lo, hi := 0.0, float64(math.MaxUint32)
	switch t {
	case pcp.Type32:
		lo, hi = math.MinInt32, math.MaxInt32
	case pcp.Type64:
		lo, hi = math.MinInt64, math.MaxInt64
	case pcp.TypeU64:
		hi = math.MaxUint64
	}
	r := math.Round(v)
	switch {
	case v != v:
		return 0, false
	case r < lo:
		r = lo
	case r > hi:
		r = hi
	}
	switch {
	case t == pcp.TypeU64 && r >= math.MaxUint64:
		return math.MaxUint64, r == v
	case t == pcp.Type64 && r >= math.MaxInt64:
		return math.MaxInt64, r == v
	case r < 0:
		return uint64(int64(r)), r == v
	}
	return uint64(r), r == v
}
