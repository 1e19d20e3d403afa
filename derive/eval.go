package derive

import (
	"math"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Sample has the values of an instant.
type Sample struct {
	Stamp pcp.Timestamp
	// Values returns the values of a metric, none if it has none.
	Values func(id pcp.PMID) []history.Value
	// Stamps returns the times at which the values of a metric were recorded, for rates. Nil
	// means that all were recorded at Stamp.
	Stamps func(id pcp.PMID) []pcp.Timestamp
	// Instance returns the name of an instance, for filters. Nil means that no name is
	// known.
	Instance func(domain pcp.InDomID, inst pcp.InstID) (name string, ok bool)
}

// Eval computes the values at an instant. before has the values of an earlier one, for
// delta and rate; it may be nil. The values are in the order of the operands' values.
func (m *Metric) Eval(now, before *Sample) []history.Value {
	e := &evaluation{now: now, before: before}
	vals := e.eval(m.root)
	out := make([]history.Value, 0, len(vals))
	for _, v := range vals {
		if m.Type.IsNumeric() {
			v.raw = history.NumberValue(v.inst, m.Type, narrow(v.bits, m.Type))
		}
		v.raw.Inst = v.inst
		if m.InDom == pcp.InDomNull {
			v.raw.Inst = pcp.InstNull
		}
		out = append(out, v.raw)
	}
	return out
}

type evaluation struct{ now, before *Sample }

// eval computes the values of a node.
func (e *evaluation) eval(x *bound) []val {
	switch x.kind {
	case kindInteger, kindDouble:
		return []val{{inst: pcp.InstNull, bits: x.bits}}
	case kindName:
		return values(e.now, x)
	case kindAnon, kindNoValue:
		return nil
	case kindDelta, kindRate:
		return e.difference(x)
	case kindQuest:
		return e.choose(x)
	case kindPlus, kindMinus, kindStar, kindSlash, kindLT, kindLEQ, kindEQ, kindGEQ, kindGT, kindNEQ, kindAnd, kindOr:
		return operation(x, e.eval(x.parts[0]), e.eval(x.parts[1]))
	}
	in := e.eval(x.parts[0])
	switch x.kind {
	case kindInstant:
		return in
	case kindScalar:
		return in[:min(1, len(in))]
	case kindFilter:
		return e.filter(x, in)
	case kindNot, kindNeg, kindRescale:
		return each(x, in)
	}
	return aggregate(x, in)
}

// values returns the values of a metric at an instant.
func values(s *Sample, x *bound) []val {
	if s == nil {
		return nil
	}
	var out []val
	var stamps []pcp.Timestamp
	if s.Stamps != nil {
		stamps = s.Stamps(x.operand.PMID)
	}
	numeric := x.typ.IsNumeric()
	for i, v := range s.Values(x.operand.PMID) {
		at := s.Stamp
		if i < len(stamps) {
			at = stamps[i]
		}
		if numeric && (v.Data != nil || v.Type != pcp.TypeUnknown && v.Type != x.typ) {
			continue // not of the type that the metric has
		}
		out = append(out, val{v.Inst, v.Bits, v, at})
	}
	return out
}

// byInst returns the values by instance.
func byInst(vals []val) map[pcp.InstID]val {
	all := make(map[pcp.InstID]val, len(vals))
	for _, v := range vals {
		if _, twice := all[v.inst]; !twice {
			all[v.inst] = v
		}
	}
	return all
}

// difference computes delta and rate.
func (e *evaluation) difference(x *bound) []val {
	arg := x.parts[0]
	now, before := values(e.now, arg), byInst(values(e.before, arg))
	var out []val
	for _, v := range now {
		last, ok := before[v.inst]
		if !ok || !last.at.Before(v.at) { // no other observation
			continue
		}
		v.bits = between(x, arg.typ, v.bits, last.bits, v.at.Sub(last.at).Seconds())
		out = append(out, v)
	}
	return out
}

// between returns the difference of two numbers, or the rate.
func between(x *bound, t pcp.Type, now, last uint64, seconds float64) uint64 {
	var diff float64
	switch t {
	case pcp.TypeU64:
		diff = toFloat(now, t) - toFloat(last, t)
		if now >= last {
			diff = float64(now - last)
		}
	case pcp.TypeFloat:
		diff = float64(float32(toFloat(now, t)) - float32(toFloat(last, t)))
	case pcp.TypeDouble:
		diff = toFloat(now, t) - toFloat(last, t)
	default:
		n := int64(integer(now, t) - integer(last, t))
		if x.kind == kindDelta {
			return uint64(n)
		}
		diff = float64(n)
	}
	if x.kind == kindDelta {
		return fromFloat(diff, x.typ)
	}
	diff /= seconds
	if x.parts[0].units.DimTime == 1 {
		diff *= perSecond(x.parts[0].units.ScaleTime)
	}
	return math.Float64bits(diff)
}

// perSecond returns the seconds of a unit of time.
func perSecond(scale uint8) float64 {
	f := 1.0
	for s := int(scale); s < int(pcp.TimeSec); s++ {
		f /= timeSteps[s]
	}
	for s := int(pcp.TimeSec); s < int(scale) && s < len(timeSteps); s++ {
		f *= timeSteps[s]
	}
	return f
}

// choose computes ?:.
func (e *evaluation) choose(x *bound) []val {
	guard, both := e.eval(x.parts[0]), x.parts[1]
	yes, no := e.eval(both.parts[0]), e.eval(both.parts[1])
	if len(guard) == 0 || len(yes) == 0 || len(no) == 0 {
		return nil
	}
	instances := yes
	if both.parts[0].indom == pcp.InDomNull {
		instances = no
	}
	pick := func(b *bound, vals []val) func(pcp.InstID) (val, bool) {
		if b.indom == pcp.InDomNull {
			return func(pcp.InstID) (val, bool) { return vals[0], true }
		}
		all := byInst(vals)
		return func(inst pcp.InstID) (val, bool) { v, ok := all[inst]; return v, ok }
	}
	guardOf, yesOf, noOf := pick(x.parts[0], guard), pick(both.parts[0], yes), pick(both.parts[1], no)
	var out []val
	for _, at := range instances {
		g, ok := guardOf(at.inst)
		if !ok {
			continue
		}
		from := yesOf
		if isZero(g.bits, x.parts[0].typ) {
			from = noOf
		}
		if v, ok := from(at.inst); ok {
			v.inst = at.inst
			out = append(out, v)
		}
	}
	return out
}

// operation computes an operator for all pairs of values of the same instance.
func operation(x *bound, left, right []val) []val {
	if len(left) == 0 || len(right) == 0 {
		return nil
	}
	l, r := x.parts[0], x.parts[1]
	t := x.typ
	if relational(x.kind) || boolean(x.kind) {
		t = promoted(l.typ, r.typ)
	}
	var out []val
	put := func(inst pcp.InstID, a, b val) {
		bits := operate(x.kind, t, a.bits, b.bits, l.typ, r.typ, l, r)
		if t != x.typ {
			bits = fromFloat(toFloat(bits, t), x.typ)
		}
		out = append(out, val{inst: inst, bits: bits})
	}
	switch {
	case l.indom == pcp.InDomNull:
		for _, b := range right {
			put(b.inst, left[0], b)
		}
	case r.indom == pcp.InDomNull:
		for _, a := range left {
			put(a.inst, a, right[0])
		}
	default:
		all := byInst(right)
		for _, a := range left {
			if b, ok := all[a.inst]; ok {
				put(a.inst, a, b)
			}
		}
	}
	return out
}

// filter keeps the values of the instances that match.
func (e *evaluation) filter(x *bound, in []val) []val {
	if x.parts[0].indom == pcp.InDomNull || e.now.Instance == nil {
		return nil
	}
	var out []val
	for _, v := range in {
		name, ok := e.now.Instance(x.parts[0].indom, v.inst)
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(name, " ") // PCP finds an instance by its first word, too
		matches := name == x.exact || word == x.exact
		if x.match != nil {
			matches = x.match.MatchString(word)
		}
		if matches != x.not {
			out = append(out, v)
		}
	}
	return out
}

// each computes a function of each value.
func each(x *bound, in []val) []val {
	t := x.parts[0].typ
	mul, div := 1.0, 1.0
	if x.kind == kindRescale {
		mul, div, _ = ratio(x.parts[0].units, x.units)
	}
	out := make([]val, len(in))
	for i, v := range in {
		switch x.kind {
		case kindNot:
			v.bits = truth(isZero(v.bits, t), x.typ)
		case kindRescale:
			v.bits = scaled(v.bits, t, mul, div)
		case kindNeg:
			if t == pcp.TypeFloat || t == pcp.TypeDouble {
				v.bits = fromFloat(-toFloat(v.bits, t), t)
			} else {
				v.bits = narrow(-integer(v.bits, t), x.typ)
			}
		}
		out[i] = v
	}
	return out
}

// aggregate computes a function of all values together.
func aggregate(x *bound, in []val) []val {
	t := x.parts[0].typ
	out := val{inst: pcp.InstNull}
	switch x.kind {
	case kindCount:
		out.bits = uint64(len(in))
	case kindAvg:
		var sum float32
		for _, v := range in {
			sum += float32(toFloat(v.bits, t)) / float32(len(in))
		}
		out.bits = fromFloat(float64(sum), x.typ)
	case kindSum:
		for _, v := range in {
			out.bits = operate(kindPlus, t, out.bits, v.bits, t, t, plain, plain)
		}
	default:
		if len(in) == 0 {
			return nil
		}
		out.bits = in[0].bits
		for _, v := range in[1:] {
			a, b := out.bits, v.bits
			if x.kind == kindMin {
				a, b = b, a
			}
			if less(a, b, t) {
				out.bits = v.bits
			}
		}
	}
	return []val{out}
}

// plain is an operand that is not scaled.
var plain = &bound{mul: 1, div: 1}
