package pmseries

import (
	"fmt"
	"math/bits"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/pcp"
)

// OperandError reports operands that an operator cannot combine.
type OperandError struct {
	Op     string
	Reason string
}

// Error names the operator and the reason.
func (e *OperandError) Error() string { return fmt.Sprintf("operator %s: %s", e.Op, e.Reason) }

// RefusalError reports values that a function cannot take.
type RefusalError struct{ Reason string }

// Error returns the reason.
func (e *RefusalError) Error() string { return e.Reason }

// refuse returns a *RefusalError.
func refuse(format string, args ...any) error { return &RefusalError{fmt.Sprintf(format, args...)} }

// combine combines two vectors by an operator. The result takes the place of a, except that
// it keeps the instances of a.
func combine(op byte, a, b *vector) error {
	fail := func(format string, args ...any) error {
		return &OperandError{string(op), fmt.Sprintf(format, args...)}
	}
	switch {
	case !a.numeric() || !b.numeric():
		return fail("values of type %s and %s are not numbers", a.typ, b.typ)
	case len(a.samples) != len(b.samples):
		return fail("Number of samples of two metrics are not identical, %s has %d but %s has %d", a.metric.ID, len(a.samples), b.metric.ID, len(b.samples))
	case (a.indom == pcp.InDomNull) != (b.indom == pcp.InDomNull):
		return fail("Operands should have the same instance domain for all of the binary operators.")
	}
	if err := checkSemantics(op, a.sem, b.sem); err != "" {
		return fail("%s", err)
	}
	if (op == '+' || op == '-') && !scale.SameDimension(a.units, b.units) {
		return fail("Dimensions of two operands mismatch: %s and %s", unitsName(a.units), unitsName(b.units))
	}
	common := largerScale(a.units, b.units)
	fa, fb := scale.Factor(a.units, inScale(a.units, common)), scale.Factor(b.units, inScale(b.units, common))
	typ := commonType(op, a.typ, b.typ)
	if fa != 1 || fb != 1 {
		typ = pcp.TypeDouble
	}
	for i := range a.samples {
		s, other := &a.samples[i], &b.samples[i]
		kept := s.values[:0]
		for at, x := range s.values {
			y, ok := partner(other, x.Instance, at)
			if !ok {
				continue
			}
			if x.number, ok = calculate(op, typ, scaled(x.number, fa), scaled(y.number, fb)); ok {
				kept = append(kept, x)
			}
		}
		s.values = kept
	}
	a.typ, a.sem, a.units = typ, commonSemantics(a.sem, b.sem), commonUnits(op, a.units, b.units, common)
	return nil
}

// scaled multiplies a number. A factor of 1 keeps its form.
func scaled(x number, factor float64) number {
	if factor == 1 {
		return x
	}
	return doubleOf(x.float() * factor)
}

// partner returns the value of the instance with the same name.
func partner(s *sample, instance *Instance, at int) (Value, bool) {
	if v, ok := s.find(instance, at); ok {
		return v, true
	}
	for _, v := range s.values {
		switch {
		case instance == nil && v.Instance == nil:
			return v, true
		case instance != nil && v.Instance != nil && v.Instance.Name == instance.Name:
			return v, true
		}
	}
	return Value{}, false
}

// checkSemantics returns why an operator cannot combine two semantics, "" if it can.
func checkSemantics(op byte, a, b pcp.Semantics) string {
	left, right := a == pcp.SemCounter, b == pcp.SemCounter
	switch {
	case left && right && op != '+' && op != '-':
		return "Both operands have the semantics of counter, only addition or subtraction is allowed."
	case left && !right && op != '*' && op != '/':
		return "Left operand is a counter and the right one is not, only multiplication or division is allowed."
	case !left && right && op != '*':
		return "Left operand is not a counter and the right one is, only multiplication is allowed."
	}
	return ""
}

func commonSemantics(a, b pcp.Semantics) pcp.Semantics {
	if a == b {
		return a
	}
	return pcp.SemInstant
}

// commonType returns the type of a result.
func commonType(op byte, a, b pcp.Type) pcp.Type {
	if op == '/' {
		return pcp.TypeDouble
	}
	for _, t := range []pcp.Type{pcp.TypeDouble, pcp.TypeFloat, pcp.TypeU64, pcp.Type64, pcp.TypeU32} {
		if a == t || b == t {
			return t
		}
	}
	return pcp.Type32
}

// largerScale returns units with the larger of the scales of two units in each dimension.
func largerScale(a, b pcp.Units) pcp.Units {
	return pcp.Units{
		ScaleSpace: max(a.ScaleSpace, b.ScaleSpace), ScaleTime: max(a.ScaleTime, b.ScaleTime), ScaleCount: max(a.ScaleCount, b.ScaleCount),
	}
}

// inScale returns units with the scales of others in the dimensions that they have.
func inScale(u, scales pcp.Units) pcp.Units {
	u.ScaleSpace, u.ScaleTime, u.ScaleCount = scales.ScaleSpace, scales.ScaleTime, scales.ScaleCount
	return u
}

// commonUnits returns the units of a result.
func commonUnits(op byte, a, b, scales pcp.Units) pcp.Units {
	u := inScale(a, scales)
	switch op {
	case '*':
		u.DimSpace, u.DimTime, u.DimCount = a.DimSpace+b.DimSpace, a.DimTime+b.DimTime, a.DimCount+b.DimCount
	case '/':
		u.DimSpace, u.DimTime, u.DimCount = a.DimSpace-b.DimSpace, a.DimTime-b.DimTime, a.DimCount-b.DimCount
	}
	return u
}

// calculate returns the result of an operator. Integers stay integers while the result fits;
// ok is false for a difference of unsigned numbers below zero.
func calculate(op byte, t pcp.Type, a, b number) (n number, ok bool) {
	switch {
	case t == pcp.TypeDouble || t == pcp.TypeFloat:
	case a.form == unsigned && b.form == unsigned:
		if n, exact, ok := calculateUnsigned(op, a.bits, b.bits); exact {
			return n, ok
		}
	case a.form <= unsigned && b.form <= unsigned:
		if n, exact := calculateSigned(op, a, b); exact {
			return n, true
		}
	}
	x, y := a.float(), b.float()
	switch op {
	case '+':
		x += y
	case '-':
		x -= y
	case '*':
		x *= y
	default:
		x /= y
	}
	if t == pcp.TypeFloat {
		return number{form: single, bits: doubleOf(float64(float32(x))).bits}, true
	}
	return doubleOf(x), true
}

// calculateUnsigned combines unsigned integers. exact is false if the result does not fit.
func calculateUnsigned(op byte, a, b uint64) (n number, exact, ok bool) {
	switch op {
	case '+':
		sum, carry := bits.Add64(a, b, 0)
		return number{form: unsigned, bits: sum}, carry == 0, true
	case '-':
		return number{form: unsigned, bits: a - b}, true, a >= b
	}
	high, low := bits.Mul64(a, b)
	return number{form: unsigned, bits: low}, high == 0, true
}

// calculateSigned combines integers of which at least one is signed.
func calculateSigned(op byte, a, b number) (n number, exact bool) {
	x, y := int64(a.bits), int64(b.bits)
	if a.form == unsigned && x < 0 || b.form == unsigned && y < 0 {
		return n, false
	}
	var z int64
	switch op {
	case '+':
		z = x + y
		exact = (z > x) == (y > 0)
	case '-':
		z = x - y
		exact = (z < x) == (y > 0)
	default:
		z = x * y
		exact = x == 0 || z/x == y && (x != -1 || y != -1<<63)
	}
	return number{form: signed, bits: uint64(z)}, exact
}

// combineScalar combines a vector with a number, which is on the left if reversed.
func combineScalar(op byte, v *vector, scalar float64, reversed bool) error {
	if !v.numeric() {
		return &OperandError{string(op), fmt.Sprintf("values of type %s are not numbers", v.typ)}
	}
	a, b := v.sem, pcp.SemInstant
	if reversed {
		a, b = b, a
	}
	if reason := checkSemantics(op, a, b); reason != "" {
		return &OperandError{string(op), reason}
	}
	for _, s := range v.samples {
		for i := range s.values {
			x, y := s.values[i].number, doubleOf(scalar)
			if reversed {
				x, y = y, x
			}
			s.values[i].number, _ = calculate(op, pcp.TypeDouble, x, y)
		}
	}
	if reversed && op == '/' {
		v.units.DimSpace, v.units.DimTime, v.units.DimCount = -v.units.DimSpace, -v.units.DimTime, -v.units.DimCount
	}
	v.typ, v.sem = pcp.TypeDouble, commonSemantics(a, b)
	return nil
}
