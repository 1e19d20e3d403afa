package pmapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// derivedMetric is a metric that a context defines.
type derivedMetric struct {
	name string
	expr *derive.Expr
	id   pcp.PMID
}

// derivedValues are the values of a derived metric at an instant.
type derivedValues struct{ values []history.Value }

// bind finds the operands of a derived metric in a namespace. It returns nil if they do not
// exist, or do not fit any more.
func (n *namespace) bind(d *derivedMetric) *derive.Metric {
	m, err := d.expr.Bind(d.name, n.recorded)
	if err != nil {
		return nil
	}
	return m
}

// recorded returns the descriptor of a metric of the archives.
func (n *namespace) recorded(name string) (*meta.Desc, bool) {
	for _, r := range slices.Backward(n.readers) {
		if d, ok := r.Meta().Lookup(name); ok {
			return d, true
		}
	}
	return nil, false
}

// derivedMetrics returns the derived metrics that have operands at the instant.
func (n *namespace) derivedMetrics() []named {
	if n.bound == nil {
		n.bound = []named{}
		for _, d := range n.derived {
			if m := n.bind(d); m != nil {
				desc := &meta.Desc{PMID: d.id, Type: m.Type, InDom: m.InDom, Sem: m.Sem, Units: m.Units, Names: []string{d.name}}
				n.bound = append(n.bound, named{name: d.name, desc: desc, derived: m})
			}
		}
	}
	return n.bound
}

// The limits of the derived metrics of a context.
const (
	maxDerived  = 1000
	perDerived  = 500 // bytes beside the expression, which takes several times its text
	textDerived = 10
)

// derive adds metrics to the context: one by its name and expression, or those that the lines
// of a text define.
func (x *request) derive() error {
	name, expr := x.form.Get("name"), x.form.Get("expr")
	if x.body != "" {
		expr = x.body
	}
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	switch {
	case expr == "":
		return exporter.Refusal("invalid derive parameters")
	case name != "":
		err = x.define(n, name, expr)
	default:
		err = x.defineAll(n, expr)
	}
	if err != nil {
		return err
	}
	return x.done()
}

// defineAll adds the metrics that the lines of a text define: "name = expression", comments
// and empty lines.
func (x *request) defineAll(n *namespace, text string) error {
	for i, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '&' || r == ';' }) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.IndexAny(line, " \t=")
		if end < 0 {
			end = len(line)
		}
		name, expr := line[:end], strings.TrimLeft(line[end:], " \t=")
		if name == "" || expr == "" {
			return exporter.Refusal("failed to parse derived metric \"%s\" on line %d - incomplete expression\n", name, i)
		}
		if err := x.define(n, name, expr); err != nil {
			return exporter.Refusal("failed to create derived metric \"%s\" on line %d from: %s\n%s", name, i, expr, err)
		}
		x.names = nil
		var err error
		if n, err = x.namespace(); err != nil {
			return err
		}
	}
	return nil
}

// define adds a metric.
func (x *request) define(n *namespace, name, expr string) error {
	for _, d := range n.derived {
		if d.name == name {
			return exporter.Refusal("Error: pmAddDerivedMetric(\"%s\", ...): returns -12409\n%s\n", name, derive.DuplicateContext)
		}
	}
	compiled, err := derive.Parse(expr)
	if err == nil {
		_, err = compiled.Bind(name, n.recorded)
	}
	if err != nil && !errors.As(err, new(*derive.UnknownError)) { // an operand may come later
		return exporter.Refusal("%s", deriveMessage(name, expr, err))
	}
	if len(n.derived) >= maxDerived || !x.api.contexts.grow(x.ctx, perDerived+textDerived*len(expr)) {
		return exporter.Refusal("too many derived metrics")
	}
	x.ctx.mu.Lock()
	defer x.ctx.mu.Unlock()
	id := pcp.NewPMID(pcp.DynamicDomain, 2047, 1023-uint32(len(x.ctx.derived)%1024))
	x.ctx.derived = append(x.ctx.derived[:len(x.ctx.derived):len(x.ctx.derived)], &derivedMetric{name, compiled, id})
	return nil
}

// deriveMessage returns the message of pmproxy for an expression that is refused: the
// expression, a mark below the place, and the reason.
func deriveMessage(name, expr string, err error) string {
	var syntax *derive.SyntaxError
	var semantic *derive.SemanticError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("Syntax Error: pmAddDerivedMetric(\"%s\", ...)\n%s\n%*s\n%s\n", name, expr, min(max(syntax.Offset, 0), len(expr))+1, "^", syntax.Reason)
	case errors.As(err, &semantic):
		return fmt.Sprintf("Semantic Error: pmAddDerivedMetric(\"%s\", ...)\n%s\n%*s\n%s\n", name, expr, max(strings.Index(expr, semantic.Part), 0)+1, "^", semantic.Reason)
	}
	return err.Error()
}

// earlier returns an instant at which each operand of a derived metric has the observation
// before that of now. A metric may be recorded less often than others.
func earlier(m *derive.Metric, now *instant.Values) pcp.Timestamp {
	first := now.Stamp
	for _, d := range m.Operands {
		operand := now.Metric(d.PMID)
		if operand == nil {
			continue
		}
		for _, t := range operand.Stamps {
			if t.Before(first) {
				first = t
			}
		}
	}
	return first.Add(-time.Nanosecond)
}

// evaluate returns the values of a derived metric. before are the values of the observations
// before, nil if the metric does not need them.
func (n *namespace) evaluate(m *derive.Metric, now, before *instant.Values) *derivedValues {
	return &derivedValues{m.Eval(n.sample(now), n.sample(before))}
}

// sample returns values as expressions need them.
func (n *namespace) sample(v *instant.Values) *derive.Sample {
	if v == nil {
		return nil
	}
	return &derive.Sample{
		Stamp: v.Stamp,
		Values: func(id pcp.PMID) []history.Value {
			m := v.Metric(id)
			if m == nil {
				return nil
			}
			values := make([]history.Value, len(m.Points))
			for i := range m.Points {
				values[i] = m.Points[i].Value
			}
			return values
		},
		Stamps: func(id pcp.PMID) []pcp.Timestamp {
			if m := v.Metric(id); m != nil {
				return m.Stamps
			}
			return nil
		},
		Instance: func(domain pcp.InDomID, inst pcp.InstID) (string, bool) {
			r := n.describing(domain)
			if r == nil {
				return "", false
			}
			in, _ := r.Meta().InDomAt(domain, n.at)
			if in == nil {
				return "", false
			}
			e, ok := in.Lookup(inst)
			return e.Name, ok
		},
	}
}
