package derive

import (
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Lookup returns the descriptor of a metric.
type Lookup func(name string) (*meta.Desc, bool)

// Metric is a derived metric whose operands are found. It does not change, and several
// goroutines may use it.
type Metric struct {
	Name string
	Type pcp.Type
	// InDom is the instance domain of the operands, InDomNull for a singular metric.
	InDom pcp.InDomID
	Sem   pcp.Semantics
	Units pcp.Units
	// Operands are the metrics whose values Eval needs.
	Operands []*meta.Desc
	// Before reports whether the values depend on those of an earlier instant.
	Before bool

	root *bound
}

// bound is a node with its descriptor.
type bound struct {
	*node
	desc
	parts    []*bound
	operand  *meta.Desc // of a name
	mul, div float64    // scales the values as an operand
}

// Bind finds the operands of an expression and checks that the result makes sense. The
// error is an [*UnknownError] or a [*SemanticError].
func (e *Expr) Bind(name string, lookup Lookup) (*Metric, error) {
	b := &binder{metric: &Metric{Name: name}, lookup: lookup, seen: map[pcp.PMID]bool{}}
	root, err := b.bind(e.root)
	if err != nil {
		return nil, err
	}
	m := b.metric
	m.Type, m.InDom, m.Sem, m.Units, m.root = root.typ, root.indom, root.sem, root.units, root
	return m, nil
}

type binder struct {
	metric *Metric
	lookup Lookup
	seen   map[pcp.PMID]bool
}

// bind binds a node and everything below it.
func (b *binder) bind(n *node) (*bound, error) {
	x := &bound{node: n, desc: n.desc, mul: 1, div: 1}
	if n.kind == kindDefined {
		_, known := b.lookup(n.parts[0].text)
		x.desc = desc{pcp.TypeU32, pcp.InDomNull, pcp.SemDiscrete, pcp.Units{}}
		x.node = &node{kind: kindInteger, text: n.parts[0].text, desc: x.desc}
		if known {
			x.bits = 1
		}
		return x, nil
	}
	for _, p := range n.parts {
		part, err := b.bind(p)
		if err != nil {
			return nil, err
		}
		x.parts = append(x.parts, part)
	}
	if n.kind == kindName {
		return x, b.name(x)
	}
	if reason := x.check(); reason != "" {
		return nil, &SemanticError{b.metric.Name, x.shown(), reason}
	}
	b.metric.Before = b.metric.Before || n.kind == kindDelta || n.kind == kindRate
	return x, nil
}

// name finds the metric of a name.
func (b *binder) name(x *bound) error {
	d, ok := b.lookup(x.text)
	if !ok {
		return &UnknownError{b.metric.Name, x.text}
	}
	x.operand = d
	x.desc = desc{d.Type, d.InDom, d.Sem, d.Units}
	if !b.seen[d.PMID] {
		b.seen[d.PMID] = true
		b.metric.Operands = append(b.metric.Operands, d)
	}
	return nil
}

// check works out the descriptor of a node from those of its parts. It returns the reason
// if they do not fit.
func (x *bound) check() (reason string) {
	switch x.kind {
	case kindInteger, kindDouble, kindAnon, kindNoValue:
		return ""
	case kindColon:
		return x.alternatives()
	case kindQuest:
		return x.choice()
	case kindPlus, kindMinus, kindStar, kindSlash, kindLT, kindLEQ, kindEQ, kindGEQ, kindGT, kindNEQ, kindAnd, kindOr:
		return x.operation()
	}
	units := x.units // of rescale
	arg := x.parts[0].desc
	x.desc = arg
	switch x.kind {
	case kindScalar:
		x.indom = pcp.InDomNull
	case kindRescale:
		if !arg.typ.IsNumeric() {
			return "Non-arithmetic operand for function"
		}
		if _, _, ok := ratio(arg.units, units); !ok {
			return "Incompatible dimensions"
		}
		x.units = units
	case kindCount:
		x.desc = desc{pcp.TypeU32, pcp.InDomNull, pcp.SemInstant, pcp.Units{DimCount: 1}}
	case kindInstant:
		if arg.sem == pcp.SemCounter {
			x.sem = pcp.SemInstant
		}
	case kindAvg, kindSum, kindMax, kindMin, kindDelta, kindRate, kindNeg:
		return x.number(arg)
	}
	return ""
}

// number works out the descriptor of functions of numbers.
func (x *bound) number(arg desc) (reason string) {
	if !arg.typ.IsNumeric() {
		if x.kind == kindNeg {
			return "Non-arithmetic operand for unary negation"
		}
		return "Non-arithmetic operand for function"
	}
	if x.kind != kindSum {
		x.sem = pcp.SemInstant
	}
	switch x.kind {
	case kindAvg:
		x.typ, x.indom = pcp.TypeFloat, pcp.InDomNull
	case kindSum, kindMax, kindMin:
		x.indom = pcp.InDomNull
	case kindNeg:
		x.typ = map[pcp.Type]pcp.Type{pcp.TypeU32: pcp.Type32, pcp.TypeU64: pcp.Type64}[arg.typ]
		if arg.typ != pcp.TypeU32 && arg.typ != pcp.TypeU64 {
			x.typ = arg.typ
		}
	case kindDelta: // of a type that holds a negative difference
		switch arg.typ {
		case pcp.TypeU32:
			x.typ = pcp.Type64
		case pcp.TypeU64:
			x.typ = pcp.TypeDouble
		}
	case kindRate:
		if arg.units.DimTime != 0 && arg.units.DimTime != 1 {
			return "Incorrect time dimension for operand"
		}
		x.typ = pcp.TypeDouble
		x.units.DimTime--
		x.units.ScaleTime = pcp.TimeSec
		if x.units.DimTime == 0 {
			x.units.ScaleTime = 0
		}
	}
	return ""
}

// alternatives checks both results of ?:.
func (x *bound) alternatives() (reason string) {
	l, r := x.parts[0].desc, x.parts[1].desc
	x.desc = l
	if l.indom == pcp.InDomNull {
		x.indom = r.indom
	}
	a, b := l.units, r.units
	switch {
	case l.typ != r.typ:
		return "Different types for ternary operands"
	case l.indom != r.indom && l.indom != pcp.InDomNull && r.indom != pcp.InDomNull:
		return "Different instance domains for ternary operands"
	case l.sem != r.sem:
		return "Different semantics for ternary operands"
	case a.DimSpace != b.DimSpace || a.ScaleSpace != b.ScaleSpace:
		return "Different units or scale (space) for ternary operands"
	case a.DimTime != b.DimTime || a.ScaleTime != b.ScaleTime:
		return "Different units or scale (time) for ternary operands"
	case a.DimCount != b.DimCount || a.ScaleCount != b.ScaleCount:
		return "Different units or scale (count) for ternary operands"
	}
	return ""
}

// choice checks the guard of ?:.
func (x *bound) choice() (reason string) {
	guard, result := x.parts[0].desc, x.parts[1].desc
	x.desc = result
	switch {
	case !guard.typ.IsNumeric():
		return "Non-arithmetic operand for ternary guard"
	case result.indom == pcp.InDomNull && guard.indom != pcp.InDomNull:
		return "Non-scalar ternary guard with scalar expressions"
	}
	return ""
}

// shown returns an expression for a message, as libpcp shows it.
func (x *bound) shown() string {
	part := func(b *bound) string {
		if b.kind == kindInteger || b.kind == kindDouble || b.kind == kindName {
			return b.text
		}
		return "<expr>"
	}
	long, short := words[x.kind][0], words[x.kind][1]
	switch {
	case x.kind == kindQuest:
		both := x.parts[1].parts
		return part(x.parts[0]) + " ? " + part(both[0]) + " : " + part(both[1])
	case len(x.parts) == 2:
		return part(x.parts[0]) + " " + short + " " + part(x.parts[1])
	case x.kind == kindNeg || x.kind == kindNot:
		return short + " " + part(x.parts[0])
	case x.kind == kindRescale:
		return part(x.parts[0]) + " " + long + " " + x.node.desc.units.String()
	}
	return long + "(" + part(x.parts[0]) + ")"
}
