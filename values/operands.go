package values

import (
	"cmp"
	"slices"

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

// forget drops the values that a mark ends, as they say nothing about the time after it.
func (d *deriver) forget(mark *history.Step) {
	for _, op := range d.operands {
		for t, of := range op.of {
			if mark.Ends(t) {
				of.values, of.present = of.values[:0], false
			}
		}
	}
	for _, m := range d.metrics {
		for t, of := range m.of {
			of.any = of.any && t != history.Target{} && !mark.Ends(t)
		}
	}
}

// collect takes the values of the operands.
func (d *deriver) collect(in *history.Step) {
	for _, op := range d.operands {
		for _, of := range op.of {
			of.present = false
			if !d.hold || op.desc.Sem != pcp.SemDiscrete {
				of.values = of.values[:0]
			}
		}
	}
	for i := range in.Metrics {
		mv := &in.Metrics[i]
		op := d.operands[mv.Metric.Desc.PMID]
		if op == nil || len(mv.Points) == 0 {
			continue
		}
		of := op.of[mv.Metric.Target]
		if of == nil {
			of = &operandOf{series: map[pcp.InstID]*history.Series{}}
			op.of[mv.Metric.Target], d.grown = of, true
		}
		of.present, of.indom, of.values = true, mv.InDom, of.values[:0]
		for _, p := range mv.Points {
			v := p.Value
			v.Data = slices.Clone(v.Data)
			of.values = append(of.values, v)
			if of.series[v.Inst] != p.Series {
				of.series[v.Inst] = p.Series
			}
		}
	}
}
