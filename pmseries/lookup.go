package pmseries

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/glob"
	"github.com/pcparchive/pcparchive/pcp"
)

// Desc describes a series as PCP's tools show it.
type Desc struct {
	Series, Source, PMID, InDom, Semantics, Type, Units string
}

// computedPMID is the number of metrics that expressions compute.
const computedPMID = "511.0.0"

// Desc returns the descriptor of a series, or of the result of an expression that was asked
// about. known is false for other IDs.
func (e *Engine) Desc(ctx context.Context, v *View, id ID) (d Desc, known bool, err error) {
	t, err := v.load(ctx)
	if err != nil {
		return d, false, err
	}
	if found := t.byID[id]; len(found) > 0 {
		m := found[len(found)-1]
		return m.desc(), true, nil
	}
	out, _, err := e.computed(ctx, v, id)
	if err != nil || len(out) == 0 {
		return d, false, err
	}
	c := out[0]
	m := Metric{ID: id, InDom: c.indom, Type: c.typ, Sem: c.sem, Units: c.units}
	d = m.desc()
	d.PMID, d.Source = computedPMID, ID{}.String()
	return d, true, nil
}

// desc returns the descriptor of a metric.
func (m *Metric) desc() Desc {
	d := Desc{
		Series: m.ID.String(), Source: m.Source.String(), PMID: m.PMID.String(), InDom: "none",
		Semantics: m.Sem.String(), Type: TypeText(m.Type), Units: unitsName(m.Units),
	}
	if m.InDom != pcp.InDomNull {
		d.InDom = m.InDom.String()
	}
	return d
}

// TypeText returns the name of a type in replies: 32, u64, double, string …
func TypeText(t pcp.Type) string {
	switch t {
	case pcp.TypeAggregateStatic:
		return "aggregate_static"
	case pcp.TypeHighResEvent:
		return "highres_event"
	case pcp.TypeNoSupport:
		return "unsupported"
	}
	return t.String()
}

// computed evaluates the expression of a result without values. expr is nil if it is not
// remembered.
func (e *Engine) computed(ctx context.Context, v *View, id ID) (out []*vector, expr *Expr, err error) {
	if expr = e.expression(id); expr == nil {
		return nil, nil, nil
	}
	out, err = e.evaluation(ctx, v, Times{}, nil).evaluate(expr.root)
	return out, expr, err
}

// Names returns the names of a series: those of its metric, or the expression. There is none
// for other IDs.
func (e *Engine) Names(ctx context.Context, v *View, id ID) ([]string, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range t.byID[id] {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	out, expr, err := e.computed(ctx, v, id)
	if len(out) > 0 {
		names = append(names, canonical(expr.root, out[0].metric.Name))
	}
	return names, err
}

// MetricNames returns the sorted names of metrics that match a pattern; "" matches all.
func (v *View) MetricNames(ctx context.Context, match string) ([]string, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	return matchingTexts(slices.Values(t.names), match), nil
}

// matchingTexts returns the texts that match a pattern; "" matches all.
func matchingTexts(all func(func(string) bool), match string) []string {
	found := []string{}
	for s := range all {
		if match == "" || glob.Match(match, s) {
			found = append(found, s)
		}
	}
	return found
}

// Instances returns the instances of a series: those of its metric, or of the metrics of its
// expression.
func (e *Engine) Instances(ctx context.Context, v *View, id ID) ([]*Described, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	metrics := t.byID[id]
	if len(metrics) == 0 {
		out, _, err := e.computed(ctx, v, id)
		if err != nil {
			return nil, err
		}
		for _, c := range out {
			if !c.joined {
				metrics = append(metrics, t.byID[c.metric.ID]...)
			}
		}
	}
	return v.instancesOf(ctx, metrics)
}

// InstanceNames returns the sorted names of instances that match a pattern; "" matches all.
func (v *View) InstanceNames(ctx context.Context, match string) ([]string, error) {
	if _, err := v.load(ctx); err != nil {
		return nil, err
	}
	names, limit := map[string]bool{}, v.x.opts.MaxInstances
	err := v.walk(ctx, func(d *Described) bool {
		if match == "" || glob.Match(match, d.Name) {
			names[d.Name] = true
		}
		return len(names) <= limit
	})
	if err == nil && len(names) > limit {
		err = &LimitError{"instances", limit}
	}
	return sortedKeys(names), err
}

// walk visits the instances of all archives until visit returns false.
func (v *View) walk(ctx context.Context, visit func(*Described) bool) error {
	more := true
	for _, a := range v.archive {
		if err := ctx.Err(); err != nil || !more {
			return err
		}
		r := a.open(ctx)
		if r == nil {
			continue
		}
		for id := range a.part.domains {
			more = more && walkInstances(r, id, func(d *Described) bool { return visit(d) && ctx.Err() == nil })
		}
	}
	return ctx.Err()
}

func sortedKeys(set map[string]bool) []string {
	all := make([]string, 0, len(set))
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// SourceNames returns the names of a source: its host and the paths of its archives, in the
// order of the archives.
func (v *View) SourceNames(ctx context.Context, id ID) ([]string, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	return t.sources[id], nil
}

// Sources returns the sorted names of the sources that match a pattern; "" matches all.
func (v *View) Sources(ctx context.Context, match string) ([]string, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, all := range t.sources {
		for _, name := range all {
			names[name] = true
		}
	}
	return matchingTexts(slices.Values(sortedKeys(names)), match), nil
}

// Holds reports whether the view has an archive with a path, or archives in a folder.
func (v *View) Holds(path string) bool {
	if path == "" {
		return false
	}
	path = absolutePath(path)
	return slices.ContainsFunc(v.archive, func(a viewed) bool {
		base := absolutePath(a.base)
		return base == path || strings.HasPrefix(base, strings.TrimSuffix(path, "/")+"/") || strings.HasPrefix(path, base+".")
	})
}

// absolutePath returns the absolute form of a path if there is one.
func absolutePath(path string) string {
	if long, err := filepath.Abs(path); err == nil {
		return long
	}
	return path
}

// Path returns the path that an expression asks to load, "" if it is none:
// {source.path: "…"}, {source.name: "…"} or a plain path.
func Path(expr string) string {
	if strings.HasPrefix(expr, "/") || strings.HasPrefix(expr, ".") {
		return expr
	}
	e, err := Parse(expr)
	if err != nil || e.root.operand == nil {
		return ""
	}
	if c := e.root.operand.where; c != nil && c.about == ofSource && c.left == nil {
		return c.value
	}
	return ""
}
