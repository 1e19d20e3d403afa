package pmapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// Compiler compiles the expression of a derived metric. lookup returns the descriptors of the
// metrics of the context. The text of an error is shown to the client.
type Compiler func(name, expr string, lookup func(name string) (*meta.Desc, bool)) (Expression, error)

// Expression computes the values of a derived metric from those of others at an instant, and
// at the record before, which rates need. Several goroutines may use it.
type Expression interface {
	// Desc returns the descriptor of the result. The caller sets identifier and name.
	Desc() meta.Desc
	// Metrics returns the names of the metrics that the expression needs.
	Metrics() []string
	// Values returns the values at the instant of now. Each function returns the metric
	// with a name, nil if it has no values; the values of before are those of the record
	// before.
	Values(now, before Inputs) []history.Value
}

// Inputs are the values that an expression needs, at one time.
type Inputs struct {
	Stamp  pcp.Timestamp // of the last record
	Metric func(name string) *instant.Metric
}

// derivedMetric is a metric of a context.
type derivedMetric struct {
	name string
	desc *meta.Desc
	expr Expression
}

// derivedValues are the values of a derived metric at an instant.
type derivedValues struct{ values []history.Value }

// needs returns the names of the metrics that a derived metric needs.
func (m *named) needs() []string {
	if m.derived == nil {
		return nil
	}
	return m.derived.expr.Metrics()
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
			return exporter.Refusal("Error: pmAddDerivedMetric(\"%s\", ...): returns -12409\nDuplicate per-context derived metric name\n", name)
		}
	}
	if x.api.opts.Compile == nil {
		return exporter.Refusal("Error: pmAddDerivedMetric(\"%s\", ...): %s", name, pcp.Errno(-12409))
	}
	lookup := func(name string) (*meta.Desc, bool) {
		m, ok := n.lookup(name)
		if !ok || m.derived != nil {
			return nil, false
		}
		return m.desc, true
	}
	compiled, err := x.api.opts.Compile(name, expr, lookup)
	if err != nil {
		return exporter.Refusal("%s", err)
	}
	if len(n.derived) >= maxDerived || !x.api.contexts.grow(x.ctx, perDerived+textDerived*len(expr)) {
		return exporter.Refusal("too many derived metrics")
	}
	desc := compiled.Desc()
	desc.Names = []string{name}
	x.ctx.mu.Lock()
	defer x.ctx.mu.Unlock()
	desc.PMID = pcp.NewPMID(pcp.DynamicDomain, 2047, 1023-uint32(len(x.ctx.derived)%1024))
	x.ctx.derived = append(x.ctx.derived[:len(x.ctx.derived):len(x.ctx.derived)], &derivedMetric{name, &desc, compiled})
	return nil
}

// evaluate returns the values of a derived metric.
func (x *request) evaluate(n *namespace, d *derivedMetric, now *instant.Values, ids []pcp.PMID) (*derivedValues, error) {
	before, err := x.api.opts.Values.At(x.r.Context(), n.subject, now.Stamp.Add(-time.Nanosecond), ids)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	inputs := func(v *instant.Values) Inputs {
		return Inputs{Stamp: v.Stamp, Metric: func(name string) *instant.Metric {
			m, ok := n.lookup(name)
			if !ok {
				return nil
			}
			return v.Metric(m.desc.PMID)
		}}
	}
	return &derivedValues{d.expr.Values(inputs(now), inputs(before))}, nil
}
