package derive

import (
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

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
