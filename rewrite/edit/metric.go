package edit

import (
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// metric is what changes of a metric.
type metric struct {
	old   *meta.Desc
	name  string // by which messages call it
	names map[string]string
	pmid  pcp.PMID
	typ   pcp.Type
	sem   pcp.Semantics
	units pcp.Units
	indom pcp.InDomID
	set   map[string]rules.Pos // where a clause changes a property

	remove  bool
	rescale bool
	pick    rules.Pick
	inst    *rules.InstPattern // of PickInst
	picked  pcp.InstID         // of PickInst, or the instance of a value that had none
	insts   *indom             // the instances that change; nil if none does
	replace []*rules.ReplaceValues
}

// changesValues reports whether data records with values of the metric change.
func (m *metric) changesValues() bool {
	return m.remove || m.pmid != m.old.PMID || m.editsValues()
}

// editsValues reports whether the values themselves change.
func (m *metric) editsValues() bool {
	return m.typ != m.old.Type || m.rescale || m.picks() || m.insts != nil || len(m.replace) > 0
}

// picks reports whether values get other instances, or become one value.
func (m *metric) picks() bool {
	_, moved := m.set["instance domain"]
	return moved && (m.pick != rules.PickAll || (m.indom == pcp.InDomNull) != (m.old.InDom == pcp.InDomNull))
}

// metric returns the changes of a metric, at first none.
func (b *binder) metric(d *meta.Desc) *metric {
	m, ok := b.metrics[d.PMID]
	if !ok {
		m = &metric{
			old: d, name: d.Name(), names: map[string]string{}, set: map[string]rules.Pos{},
			pmid: d.PMID, typ: d.Type, sem: d.Sem, units: d.Units, indom: d.InDom,
		}
		if m.name == "" {
			m.name = d.PMID.String()
		}
		b.metrics[d.PMID] = m
	}
	return m
}

// selected returns the metrics that a pattern selects.
func (b *binder) selected(p rules.MetricPattern) (all []*meta.Desc) {
	if p.Name != "" && p.One() {
		if d, ok := b.store.Lookup(p.Name); ok {
			return []*meta.Desc{d}
		}
		return nil
	}
	for d := range b.store.Metrics() {
		if p.Matches(d) {
			all = append(all, d)
		}
	}
	return all
}

// metricRule binds a rule for metrics.
func (b *binder) metricRule(r *rules.Metric) {
	found := b.selected(r.Target)
	if len(found) == 0 {
		b.warn(r.Pos, "no metric %s", r.Target)
	}
	for _, d := range found {
		m := b.metric(d)
		for _, c := range r.Clauses {
			b.metricClause(m, r.Target, c, len(found) == 1)
		}
	}
}

// metricClause binds a clause for a metric. only says that the rule selects no other one.
func (b *binder) metricClause(m *metric, target rules.MetricPattern, c rules.Clause, only bool) {
	pos := c.Position()
	if _, remove := c.(*rules.Delete); remove != m.remove && len(m.set) > 0 {
		b.fail(pos, "%s is deleted and changed", m.name)
		return
	}
	switch c := c.(type) {
	case *rules.Delete:
		m.remove = b.once(m.set, pos, "existence", m.name) || m.remove
	case *rules.SetName:
		b.rename(m, target, c, only)
	case *rules.ToMetric:
		if id := c.Target.Apply(m.old.PMID); id == m.old.PMID {
			b.warn(pos, "%s has the PMID %s already", m.name, id)
		} else if b.once(m.set, pos, "PMID", m.name) {
			m.pmid = id
		}
	case *rules.SetSemantics:
		if c.Semantics == m.old.Sem {
			b.warn(pos, "%s has the semantics %s already", m.name, c.Semantics)
		} else if b.once(m.set, pos, "semantics", m.name) {
			m.sem = c.Semantics
		}
	case *rules.SetType:
		b.setType(m, c)
	case *rules.SetUnits:
		b.setUnits(m, c)
	case *rules.ToInDom:
		b.moveMetric(m, c)
	case *rules.ReplaceValues:
		if m.old.Type != pcp.TypeString {
			b.fail(pos, "the values of %s are no strings but of type %s", m.name, m.old.Type)
			return
		}
		m.set["value"] = pos
		m.replace = append(m.replace, c)
	}
}

// rename binds a new name of a metric.
func (b *binder) rename(m *metric, target rules.MetricPattern, c *rules.SetName, only bool) {
	old := m.old.Name()
	if target.Name != "" {
		old, _ = target.NameOf(m.old)
	}
	if old == "" {
		b.warn(c.Pos, "the metric %s has no name", m.old.PMID)
		return
	}
	name := c.Name
	if stem, ok := strings.CutSuffix(name, "*"); ok {
		prefix, wild := strings.CutSuffix(target.Name, "*")
		rest, found := strings.CutPrefix(old, prefix)
		if !wild || !found {
			b.fail(c.Pos, "a new name that ends in * needs a rule for metrics OLD.*")
			return
		}
		name = stem + rest
	} else if !only {
		b.fail(c.Pos, "several metrics cannot all be called %s; a new name that ends in .* keeps the rest of theirs", name)
		return
	}
	if name == old {
		b.warn(c.Pos, "%s has this name already", old)
		return
	}
	if other, taken := b.store.Lookup(name); taken {
		b.fail(c.Pos, "%s is already the name of metric %s", name, other.PMID)
		return
	}
	if first, taken := b.names[name]; taken {
		b.fail(c.Pos, "%s is already the new name of a metric, at %s", name, first)
		return
	}
	if b.once(m.set, c.Pos, "name "+old, m.name) {
		b.names[name] = c.Pos
		m.names[old] = name
	}
}

func (b *binder) setType(m *metric, c *rules.SetType) {
	switch {
	case c.If != nil && *c.If != m.old.Type:
		b.warn(c.Pos, "%s has the type %s, not %s", m.name, m.old.Type, *c.If)
	case c.New == m.old.Type:
		b.warn(c.Pos, "%s has the type %s already", m.name, c.New)
	case !m.old.Type.IsNumeric():
		b.fail(c.Pos, "%s has the type %s, which is not numeric", m.name, m.old.Type)
	case b.once(m.set, c.Pos, "type", m.name):
		m.typ = c.New
	}
}

func (b *binder) setUnits(m *metric, c *rules.SetUnits) {
	if c.Units == m.old.Units {
		b.warn(c.Pos, "%s has the units %s already", m.name, unitsText(c.Units))
		return
	}
	if !b.once(m.set, c.Pos, "units", m.name) {
		return
	}
	m.units = c.Units
	if !c.Rescale && !b.o.Rescale {
		return
	}
	switch {
	case !scale.SameDimension(c.Units, m.old.Units):
		if c.Rescale {
			b.warn(c.Pos, "values of %s in %s cannot be converted to %s; they stay as they are", m.name, unitsText(m.old.Units), unitsText(c.Units))
		}
	case !m.old.Type.IsNumeric():
		b.warn(c.Pos, "%s has the type %s, whose values cannot be converted", m.name, m.old.Type)
	default:
		m.rescale = true
	}
}

func unitsText(u pcp.Units) string {
	if text := u.String(); text != "" {
		return text
	}
	return "none"
}

// moveMetric binds another instance domain of a metric.
func (b *binder) moveMetric(m *metric, c *rules.ToInDom) {
	to := pcp.InDomNull
	if !c.Null {
		if c.Target.AnySerial && m.old.InDom == pcp.InDomNull {
			b.fail(c.Pos, "%s has no instance domain whose serial %s could keep", m.name, c.Target)
			return
		}
		to = c.Target.Apply(m.old.InDom)
	}
	if c.Pick >= rules.PickMin && !m.old.Type.IsNumeric() {
		b.fail(c.Pos, "%s has the type %s, of which there is no %s", m.name, m.old.Type, c.Pick)
		return
	}
	if to == m.old.InDom && c.Pick == rules.PickAll {
		b.warn(c.Pos, "%s has the instance domain %s already", m.name, indomText(to))
		return
	}
	if !b.once(m.set, c.Pos, "instance domain", m.name) {
		return
	}
	m.indom, m.pick, m.inst = to, c.Pick, c.Inst
	if to == pcp.InDomNull && m.pick == rules.PickAll {
		m.pick = rules.PickFirst
	}
}

func indomText(id pcp.InDomID) string {
	if id == pcp.InDomNull {
		return "null"
	}
	return id.String()
}

// descRecord writes a descriptor after its changes.
func (p *Plan) descRecord(d *meta.Desc) {
	m, ok := p.metrics[d.PMID]
	switch {
	case !ok:
		p.emit(d)
		return
	case m.remove:
		return
	}
	out := &meta.Desc{PMID: m.pmid, Type: m.typ, InDom: m.indom, Sem: m.sem, Units: m.units, Names: d.Names}
	if len(m.names) > 0 {
		out.Names = slices.Clone(d.Names)
		for i, name := range d.Names {
			if renamed, ok := m.names[name]; ok {
				out.Names[i] = renamed
			}
		}
	}
	p.emit(out)
}
