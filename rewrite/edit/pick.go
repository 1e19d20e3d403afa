package edit

import (
	"fmt"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// pickValue picks one of several values, or computes one from them, and gives it the
// instance of the new instance domain.
func (m *metric) pickValue(values []history.Value) ([]history.Value, error) {
	at := 0
	var err error
	switch m.pick {
	case rules.PickAll, rules.PickFirst:
	case rules.PickLast:
		at = len(values) - 1
	case rules.PickInst:
		if m.old.InDom != pcp.InDomNull {
			at = indexOf(values, m.picked)
		}
	case rules.PickMin, rules.PickMax:
		at, err = m.extreme(values)
	case rules.PickSum, rules.PickAvg:
		values[0], err = m.total(values)
	}
	if err != nil {
		return nil, fmt.Errorf("the %s of its instances: %w", m.pick, err)
	}
	if at < 0 {
		return values[:0], nil
	}
	if m.pick != rules.PickAll || m.old.InDom == pcp.InDomNull {
		values[0] = values[at]
		values = values[:1]
	}
	switch {
	case m.indom == pcp.InDomNull:
		values[0].Inst = pcp.InstNull
	case m.old.InDom == pcp.InDomNull:
		values[0].Inst = m.picked
	}
	return values, nil
}

// indexOf returns the index of an instance's value, or -1.
func indexOf(values []history.Value, id pcp.InstID) int {
	for i := range values {
		if values[i].Inst == id {
			return i
		}
	}
	return -1
}

// extreme returns the index of the first smallest or largest value.
func (m *metric) extreme(values []history.Value) (at int, err error) {
	best, err := numberOf(&values[0], m.old.Type)
	for i := 1; i < len(values) && err == nil; i++ {
		var n number
		if n, err = numberOf(&values[i], m.old.Type); err != nil {
			break
		}
		if m.pick == rules.PickMin && n.less(best) || m.pick == rules.PickMax && best.less(n) {
			best, at = n, i
		}
	}
	return at, err
}

// less compares two numbers of the same kind.
func (n number) less(other number) bool {
	switch n.kind {
	case 'i':
		return n.i < other.i
	case 'u':
		return n.u < other.u
	}
	return n.f < other.f
}

// total returns the sum or the average of values as a value of the first one's instance. As
// with pmlogrewrite, a sum of integers wraps around at the limit of the type.
func (m *metric) total(values []history.Value) (history.Value, error) {
	var sum number
	for i := range values {
		n, err := numberOf(&values[i], m.old.Type)
		if err != nil {
			return history.Value{}, err
		}
		sum = sum.plus(n, m.old.Type)
	}
	if m.pick == rules.PickAvg {
		sum = sum.over(len(values), m.old.Type)
	}
	return sum.value(values[0].Inst, m.old.Type)
}

func (n number) plus(other number, t pcp.Type) number {
	n.kind = other.kind
	n.i += other.i
	n.u += other.u
	switch t {
	case pcp.Type32:
		n.i = int64(int32(n.i))
	case pcp.TypeU32:
		n.u = uint64(uint32(n.u))
	}
	if n.f += other.f; t == pcp.TypeFloat {
		n.f = float64(float32(n.f))
	}
	return n
}

// over divides by a count and rounds integers.
func (n number) over(count int, t pcp.Type) number {
	switch n.kind {
	case 'i':
		n.i = int64(0.5 + float64(n.i)/float64(count))
	case 'u':
		n.u = uint64(0.5 + float64(n.u)/float64(count))
	default:
		if n.f /= float64(count); t == pcp.TypeFloat {
			n.f = float64(float32(n.f))
		}
	}
	return n
}
