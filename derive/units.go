package derive

import (
	"math"

	"github.com/pcparchive/pcparchive/pcp"
)

func relational(k kind) bool { return k >= kindLT && k <= kindNEQ }
func boolean(k kind) bool    { return k == kindAnd || k == kindOr }

func dimensionless(u pcp.Units) bool { return u.DimSpace == 0 && u.DimTime == 0 && u.DimCount == 0 }

func sameDimension(a, b pcp.Units) bool {
	return a.DimSpace == b.DimSpace && a.DimTime == b.DimTime && a.DimCount == b.DimCount
}

func (x *bound) isConstant() bool { return x.kind == kindInteger || x.kind == kindDouble }

// operation works out the descriptor of an operator with two operands.
func (x *bound) operation() (reason string) {
	left, right := x.parts[0], x.parts[1]
	if reason := x.semantics(); reason != "" {
		return reason
	}
	x.desc = left.desc
	if left.isConstant() {
		x.desc = right.desc
	}
	if left.sem != pcp.SemCounter && right.sem != pcp.SemCounter {
		x.sem = pcp.SemInstant
		if left.sem == pcp.SemDiscrete && right.sem == pcp.SemDiscrete {
			x.sem = pcp.SemDiscrete
		}
	}
	switch {
	case !left.typ.IsNumeric():
		return "Non-arithmetic type for left operand"
	case !right.typ.IsNumeric():
		return "Non-arithmetic type for right operand"
	case x.kind == kindSlash:
		x.typ = pcp.TypeDouble
	case relational(x.kind) || boolean(x.kind):
		x.typ = pcp.TypeU32
	default:
		x.typ = promoted(left.typ, right.typ)
	}
	if reason := x.dimensions(); reason != "" {
		return reason
	}
	if relational(x.kind) || boolean(x.kind) {
		x.units = pcp.Units{}
	} else {
		x.combine()
	}
	switch {
	case left.indom == pcp.InDomNull:
		x.indom = right.indom
	case right.indom == pcp.InDomNull || right.indom == left.indom:
		x.indom = left.indom
	default:
		return "Operands should have the same instance domain"
	}
	return ""
}

// promoted returns the type of an operation on two types. They are ordered so that the
// later one holds the values of the earlier one.
func promoted(a, b pcp.Type) pcp.Type { return max(a, b) }

// semantics checks that the operator makes sense for counters.
func (x *bound) semantics() (reason string) {
	if relational(x.kind) || boolean(x.kind) {
		return ""
	}
	left, right := x.parts[0].sem == pcp.SemCounter, x.parts[1].sem == pcp.SemCounter
	switch {
	case left && right && x.kind != kindPlus && x.kind != kindMinus:
		return "Illegal operator for counters"
	case left && !right && x.kind != kindStar && x.kind != kindSlash:
		return "Illegal operator for counter and non-counter"
	case !left && right && x.kind != kindStar:
		return "Illegal operator for non-counter and counter"
	}
	return ""
}

// dimensions checks the dimensions of the operands.
func (x *bound) dimensions() (reason string) {
	const different = "Dimensions are not the same"
	left, right := x.parts[0], x.parts[1]
	switch {
	case (x.kind == kindPlus || x.kind == kindMinus) && !sameDimension(left.units, right.units):
		return different
	case boolean(x.kind) && (!dimensionless(left.units) || !dimensionless(right.units)):
		return different
	case relational(x.kind) && !anyDimension(left, right) && !sameDimension(left.units, right.units):
		return different
	case x.kind != kindStar && x.kind != kindSlash && !relational(x.kind):
		return ""
	case left.sem == pcp.SemCounter && right.sem != pcp.SemCounter && !dimensionless(right.units):
		return "Non-counter and not dimensionless for right operand"
	case left.sem != pcp.SemCounter && right.sem == pcp.SemCounter && !dimensionless(left.units):
		return "Non-counter and not dimensionless for left operand"
	}
	return ""
}

// anyDimension reports whether the dimensions of two operands of a relation do not matter.
// Libpcp means constants, and checks for two types.
func anyDimension(left, right *bound) bool {
	for _, b := range []*bound{left, right} {
		if b.isConstant() || b.typ == pcp.TypeU32 || b.typ == pcp.Type64 {
			return true
		}
	}
	return false
}

// dimension is the exponent and the scale of one of the dimensions.
type dimension struct {
	dim   *int8
	scale func(u *pcp.Units) int
	set   func(u *pcp.Units, scale int)
	step  func(from int) float64 // to the next scale
}

// The steps between scales of time, from nanoseconds on.
var timeSteps = [...]float64{1000, 1000, 1000, 60, 60}

// dimensionsOf returns the dimensions of units.
func dimensionsOf(u *pcp.Units) [3]dimension {
	return [3]dimension{
		{&u.DimCount, func(u *pcp.Units) int { return int(u.ScaleCount) }, func(u *pcp.Units, s int) { u.ScaleCount = int8(s) }, func(int) float64 { return 10 }},
		{&u.DimTime, func(u *pcp.Units) int { return int(u.ScaleTime) }, func(u *pcp.Units, s int) { u.ScaleTime = uint8(s) }, func(from int) float64 {
			if from < 0 || from >= len(timeSteps) {
				return 1
			}
			return timeSteps[from]
		}},
		{&u.DimSpace, func(u *pcp.Units) int { return int(u.ScaleSpace) }, func(u *pcp.Units, s int) { u.ScaleSpace = uint8(s) }, func(int) float64 { return 1024 }},
	}
}

// combine works out the units of an arithmetic operation. Where the operands have
// different scales, the result has the larger one, and is a double.
func (x *bound) combine() {
	left, right := x.parts[0], x.parts[1]
	l, r, out := dimensionsOf(&left.units), dimensionsOf(&right.units), dimensionsOf(&x.units)
	for i := range out {
		ls, rs := l[i].scale(&left.units), r[i].scale(&right.units)
		if *l[i].dim != 0 && *r[i].dim != 0 && ls != rs {
			small, dim := right, *r[i].dim
			if ls < rs {
				small = left
				out[i].set(&x.units, rs)
				if i == 0 {
					dim = *l[i].dim // the other two follow the right operand
				}
			}
			small.scaleBy(out[i], min(ls, rs), max(ls, rs), dim)
			x.typ = pcp.TypeDouble
		}
		switch x.kind {
		case kindStar:
			*out[i].dim = *l[i].dim + *r[i].dim
		case kindSlash:
			*out[i].dim = *l[i].dim - *r[i].dim
		}
		if *out[i].dim != 0 && *l[i].dim == 0 {
			out[i].set(&x.units, rs)
		}
		if *out[i].dim == 0 {
			out[i].set(&x.units, 0)
		}
	}
}

// scaleBy converts values between two scales.
func (x *bound) scaleBy(d dimension, from, to int, dim int8) {
	for s := from; s < to; s++ {
		if dim > 0 {
			x.div *= d.step(s)
		} else {
			x.mul *= d.step(s)
		}
	}
}

// ratio returns the numbers by which to multiply and divide values in units to convert
// them. ok is false if the dimensions differ.
func ratio(from, to pcp.Units) (mul, div float64, ok bool) {
	if !sameDimension(from, to) {
		// Numbers without a dimension count something.
		counts := func(u pcp.Units) bool {
			return u.DimSpace == 0 && u.DimTime == 0 && (u.DimCount == 1 || u.DimCount == 0)
		}
		if !counts(from) || !counts(to) {
			return 0, 0, false
		}
		from.DimCount, to.DimCount = 1, 1
	}
	mul, div = 1, 1
	f, t := dimensionsOf(&from), dimensionsOf(&to)
	for i := range f {
		dim := int(*f[i].dim)
		fs, ts := f[i].scale(&from), t[i].scale(&to)
		step := 1.0
		for s := min(fs, ts); s < max(fs, ts); s++ {
			step *= f[i].step(s)
		}
		step = math.Pow(step, math.Abs(float64(dim)))
		if (fs < ts) == (dim > 0) {
			div *= step
		} else {
			mul *= step
		}
	}
	return mul, div, true
}
