package pmseries

import (
	"math"
	"strconv"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// form is the form of a number.
type form uint8

// The forms.
const (
	signed form = iota
	unsigned
	single
	double
	text
)

// number is a value of a series: an integer, a floating-point number or a text.
type number struct {
	form form
	bits uint64
	text string
}

// numberOf returns a recorded value of a metric of a type. ok is false for values that have
// no text, such as events.
func numberOf(v *history.Value, t pcp.Type) (n number, ok bool) {
	if t == pcp.TypeString {
		return number{form: text, text: v.Text()}, v.Data != nil
	}
	f, ok := v.Number(t)
	if !ok {
		return n, false
	}
	switch t {
	case pcp.Type32:
		return number{form: signed, bits: uint64(int64(int32(v.Bits)))}, true
	case pcp.TypeU32:
		return number{form: unsigned, bits: uint64(uint32(v.Bits))}, true
	case pcp.Type64:
		return number{form: signed, bits: v.Bits}, true
	case pcp.TypeU64:
		return number{form: unsigned, bits: v.Bits}, true
	case pcp.TypeFloat:
		return number{form: single, bits: math.Float64bits(f)}, true
	}
	return number{form: double, bits: math.Float64bits(f)}, true
}

// doubleOf returns a floating-point number.
func doubleOf(f float64) number { return number{form: double, bits: math.Float64bits(f)} }

// float returns the number as a floating-point number, NaN for a text that is none.
func (n number) float() float64 {
	switch n.form {
	case signed:
		return float64(int64(n.bits))
	case unsigned:
		return float64(n.bits)
	case text:
		if f, err := strconv.ParseFloat(n.text, 64); err == nil {
			return f
		}
		return math.NaN()
	}
	return math.Float64frombits(n.bits)
}

// String returns the number with all its digits.
func (n number) String() string {
	switch n.form {
	case signed:
		return strconv.FormatInt(int64(n.bits), 10)
	case unsigned:
		return strconv.FormatUint(n.bits, 10)
	case single:
		return strconv.FormatFloat(n.float(), 'g', -1, 32)
	case text:
		return n.text
	}
	return strconv.FormatFloat(n.float(), 'g', -1, 64)
}

// difference returns a minus b. Integers are subtracted exactly.
func difference(a, b number) float64 {
	if a.form == b.form && (a.form == signed || a.form == unsigned) {
		less := a.bits < b.bits
		if a.form == signed {
			less = int64(a.bits) < int64(b.bits)
		}
		if less {
			return -float64(b.bits - a.bits)
		}
		return float64(a.bits - b.bits)
	}
	return a.float() - b.float()
}

// Instance is an instance of a metric.
type Instance struct {
	ID   ID
	Inst pcp.InstID
	Name string
}

// Value is a value of a result.
type Value struct {
	Stamp pcp.Timestamp
	// Instance is nil for a singular metric and for a value of several instances.
	Instance *Instance
	number   number
}

// String returns the value as text: a number with all its digits.
func (v Value) String() string { return v.number.String() }

// Float returns the value as a number, NaN if it is none.
func (v Value) Float() float64 { return v.number.float() }

// sample is the values of a vector at one time.
type sample struct {
	stamp  pcp.Timestamp
	epoch  int // number of marks before it in time
	values []Value
}

// find returns the value of an instance. at is its likely position.
func (s *sample) find(instance *Instance, at int) (Value, bool) {
	if at < len(s.values) && sameInstance(s.values[at].Instance, instance) {
		return s.values[at], true
	}
	for _, v := range s.values {
		if sameInstance(v.Instance, instance) {
			return v, true
		}
	}
	return Value{}, false
}

// sameInstance reports whether two values belong to one instance.
func sameInstance(a, b *Instance) bool {
	return a == b || a != nil && b != nil && a.ID == b.ID
}

// vector is a series with its samples while an expression is evaluated.
type vector struct {
	metric   *Metric
	indom    pcp.InDomID
	sem      pcp.Semantics
	typ      pcp.Type
	units    pcp.Units
	backward bool // the newest sample comes first
	joined   bool // the instances were joined
	samples  []sample
}

// numeric reports whether the values are numbers.
func (v *vector) numeric() bool { return v.typ.IsNumeric() }

// promote makes the vector one of floating-point numbers.
func (v *vector) promote() {
	v.typ = pcp.TypeDouble
	if v.sem != pcp.SemDiscrete {
		v.sem = pcp.SemInstant
	}
}
