package edit

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/pcp"
)

// The errors of values that a type cannot hold.
var (
	// ErrNegative: a value is negative, and the new type has no sign.
	ErrNegative = errors.New("a negative value does not fit an unsigned type")
	// ErrTooLarge: a value is beyond the range of the new type.
	ErrTooLarge = errors.New("value is beyond the range of the type")
	// ErrStored: a value is not stored as its metric's type.
	ErrStored = errors.New("value is not stored as the type of its metric")
)

// number is a number of any type: one of the fields is set.
type number struct {
	kind byte // i, u or f
	i    int64
	u    uint64
	f    float64
}

// numberOf returns a value of a metric of type t.
func numberOf(v *history.Value, t pcp.Type) (number, error) {
	if v.Data != nil || v.Type != t && (v.Type != pcp.TypeUnknown || t.Size() != 4) {
		return number{}, ErrStored
	}
	switch t {
	case pcp.Type32:
		return number{kind: 'i', i: int64(int32(v.Bits))}, nil
	case pcp.TypeU32:
		return number{kind: 'u', u: uint64(uint32(v.Bits))}, nil
	case pcp.Type64:
		return number{kind: 'i', i: int64(v.Bits)}, nil
	case pcp.TypeU64:
		return number{kind: 'u', u: v.Bits}, nil
	case pcp.TypeFloat:
		return number{kind: 'f', f: float64(math.Float32frombits(uint32(v.Bits)))}, nil
	case pcp.TypeDouble:
		return number{kind: 'f', f: math.Float64frombits(v.Bits)}, nil
	}
	return number{}, ErrStored
}

// value returns the number as a value of type t. Fractions are cut off.
func (n number) value(inst pcp.InstID, t pcp.Type) (history.Value, error) {
	switch t {
	case pcp.Type32:
		i, err := n.signed(math.MinInt32, math.MaxInt32)
		return history.WordValue(inst, uint32(int32(i))), err
	case pcp.TypeU32:
		u, err := n.unsigned(math.MaxUint32)
		return history.WordValue(inst, uint32(u)), err
	case pcp.Type64:
		i, err := n.signed(math.MinInt64, math.MaxInt64)
		return history.NumberValue(inst, t, uint64(i)), err
	case pcp.TypeU64:
		u, err := n.unsigned(math.MaxUint64)
		return history.NumberValue(inst, t, u), err
	case pcp.TypeFloat:
		return history.NumberValue(inst, t, uint64(math.Float32bits(n.float32()))), nil
	}
	return history.DoubleValue(inst, n.float()), nil
}

func (n number) float() float64 {
	switch n.kind {
	case 'i':
		return float64(n.i)
	case 'u':
		return float64(n.u)
	}
	return n.f
}

// float32 rounds once, from the number itself.
func (n number) float32() float32 {
	switch n.kind {
	case 'i':
		return float32(n.i)
	case 'u':
		return float32(n.u)
	}
	return float32(n.f)
}

// signed returns the number as a signed integer of a range.
func (n number) signed(lowest, highest int64) (int64, error) {
	switch n.kind {
	case 'i':
		if n.i < lowest || n.i > highest {
			return 0, fmt.Errorf("%d: %w", n.i, ErrTooLarge)
		}
		return n.i, nil
	case 'u':
		if n.u > uint64(highest) {
			return 0, fmt.Errorf("%d: %w", n.u, ErrTooLarge)
		}
		return int64(n.u), nil
	}
	// The highest number plus one is a power of two, which a float holds exactly.
	if !(n.f > float64(lowest)-1 || n.f == float64(lowest)) || n.f >= -float64(lowest) {
		return 0, fmt.Errorf("%v: %w", n.f, ErrTooLarge)
	}
	return int64(n.f), nil
}

// unsigned returns the number as an unsigned integer of a range.
func (n number) unsigned(highest uint64) (uint64, error) {
	switch {
	case n.kind == 'i' && n.i < 0:
		return 0, fmt.Errorf("%d: %w", n.i, ErrNegative)
	case n.kind == 'i':
		n.u = uint64(n.i)
	case n.kind == 'f' && n.f < 0:
		return 0, fmt.Errorf("%v: %w", n.f, ErrNegative)
	case n.kind == 'f':
		if !(n.f < 2*float64(highest/2+1)) {
			return 0, fmt.Errorf("%v: %w", n.f, ErrTooLarge)
		}
		n.u = uint64(n.f)
	}
	if n.u > highest {
		return 0, fmt.Errorf("%d: %w", n.u, ErrTooLarge)
	}
	return n.u, nil
}

// convert converts values to the units and the type of a metric.
func (m *metric) convert(values []history.Value) error {
	if !m.rescale && m.typ == m.old.Type {
		return nil
	}
	for i := range values {
		n, err := numberOf(&values[i], m.old.Type)
		if err == nil && m.rescale {
			// The value has to fit the old type too, as with pmlogrewrite.
			n = n.scaled(m.old.Units, m.units, m.old.Type)
		}
		if err == nil {
			values[i], err = n.value(values[i].Inst, m.typ)
		}
		if err != nil {
			return fmt.Errorf("conversion from %s to %s: %w", m.old.Type, m.typ, err)
		}
	}
	return nil
}

// scaled converts a number between units of one dimension. Integers are rounded to the
// nearest one, half a unit upwards.
func (n number) scaled(from, to pcp.Units, t pcp.Type) number {
	mult, div, exact := ratio(from, to)
	switch {
	case n.kind == 'f' && t == pcp.TypeFloat:
		return number{kind: 'f', f: float64(float32(n.f) * float32(scale.Factor(from, to)))}
	case n.kind == 'f':
		return number{kind: 'f', f: n.f * scale.Factor(from, to)}
	case !exact:
		return number{kind: 'f', f: math.Floor(n.float()*scale.Factor(from, to) + 0.5)}
	}
	magnitude, negative := n.u, false
	if n.kind == 'i' {
		negative = n.i < 0
		magnitude = uint64(n.i)
		if negative {
			magnitude = -magnitude
		}
	}
	high, low := bits.Mul64(magnitude, mult)
	half := div / 2
	if negative && half > 0 && div%2 == 0 {
		half-- // half a unit goes upwards, so towards zero
	}
	var carry uint64
	if low, carry = bits.Add64(low, half, 0); high+carry >= div {
		return number{kind: 'f', f: n.float() * scale.Factor(from, to)}
	}
	quotient, _ := bits.Div64(high+carry, low, div)
	if !negative {
		return number{kind: 'u', u: quotient}
	}
	if quotient > math.MaxInt64 {
		return number{kind: 'f', f: -float64(quotient)}
	}
	return number{kind: 'i', i: -int64(quotient)}
}

// ratio returns the factor between two units as a fraction. It returns false if that
// exceeds 64 bits.
func ratio(from, to pcp.Units) (mult, div uint64, exact bool) {
	mult, div = 1, 1
	grow := func(by uint64, power int) bool {
		side := &mult
		if power < 0 {
			side, power = &div, -power
		}
		for range power {
			high, low := bits.Mul64(*side, by)
			if high > 0 {
				return false
			}
			*side = low
		}
		return true
	}
	exact = grow(1024, int(from.DimSpace)*(int(from.ScaleSpace)-int(to.ScaleSpace))) &&
		grow(10, int(from.DimCount)*(int(from.ScaleCount)-int(to.ScaleCount)))
	for s := pcp.TimeNanosec; exact && s < pcp.TimeHour; s++ {
		by := uint64(1000)
		if s >= pcp.TimeSec {
			by = 60
		}
		if from.ScaleTime > s && to.ScaleTime <= s {
			exact = grow(by, int(from.DimTime))
		}
		if to.ScaleTime > s && from.ScaleTime <= s {
			exact = grow(by, -int(from.DimTime))
		}
	}
	return mult, div, exact
}
