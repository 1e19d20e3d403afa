package values

import (
	"cmp"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// operand is an operand with its values from each target.
type operand struct {
	desc *meta.Desc
	of   map[history.Target]*operandOf
}

// operandOf holds the values of an operand in the current step.
type operandOf struct {
	present bool // in the current step
	values  []history.Value
	series  map[pcp.InstID]*history.Series
	indom   *meta.InDom
}

// operands are the operands of a derived metric as a target has them.
type operands []viewed

// viewed is an operand of a target.
type viewed struct {
	desc *meta.Desc
	*operandOf
}

// nothing is an operand that a target lacks.
var nothing = &operandOf{}

// view returns the operands of a metric for a target: its own, and those that only one
// target has.
func (d *deriver) view(m *derived, t history.Target) operands {
	all := make(operands, 0, len(m.Operands))
	for _, desc := range m.Operands {
		op := d.operands[desc.PMID]
		of := op.of[t]
		if of == nil && len(op.of) == 1 {
			for _, of = range op.of {
			}
		}
		all = append(all, viewed{desc, cmp.Or(of, nothing)})
	}
	return all
}

// values returns the values of an operand.
func (ops operands) values(id pcp.PMID) []history.Value {
	for _, op := range ops {
		if op.desc.PMID == id {
			return op.values
		}
	}
	return nil
}

// series returns the series of an operand in an instance domain.
func (ops operands) series(domain pcp.InDomID, inst pcp.InstID) *history.Series {
	for _, op := range ops {
		if op.desc.InDom == domain {
			if s := op.series[inst]; s != nil {
				return s
			}
		}
	}
	return nil
}

// domain returns an instance domain.
func (ops operands) domain(id pcp.InDomID) *meta.InDom {
	for _, op := range ops {
		if op.desc.InDom == id && op.indom != nil {
			return op.indom
		}
	}
	return nil
}

// instance returns the name of an instance.
func (ops operands) instance(domain pcp.InDomID, inst pcp.InstID) (string, bool) {
	if s := ops.series(domain, inst); s != nil {
		return s.Inst.Name, true
	}
	return "", false
}
