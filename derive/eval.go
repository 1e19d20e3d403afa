package derive

import (
	"math"

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

// plain is an operand that is not scaled.
var plain = &bound{mul: 1, div: 1}
