package edit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// listChanges lists what the plan changes.
func (b *binder) listChanges() {
	b.changesOfArchive()
	for _, m := range b.sortedMetrics() {
		b.changesOfMetric(m)
	}
	for _, id := range slices.Sorted(maps.Keys(b.indoms)) {
		b.changesOfInDom(b.indoms[id])
	}
	keys := slices.SortedFunc(maps.Keys(b.texts), func(x, y textKey) int {
		return cmp.Or(cmp.Compare(x.ident, y.ident), cmp.Compare(x.typ, y.typ))
	})
	for _, key := range keys {
		b.changesOfText(key, b.texts[key])
	}
	owners := map[owner]bool{}
	for o := range b.labels.rules {
		owners[o] = true
	}
	for _, o := range sortedOwners(owners) {
		for _, r := range b.labels.rules[o] {
			if adds(r) || b.selectsAny(r, o) {
				b.changesOfLabels(o, r)
			}
		}
	}
	slices.SortStableFunc(b.warnings, func(x, y Warning) int {
		return cmp.Or(cmp.Compare(x.Pos.File, y.Pos.File), cmp.Compare(x.Pos.Line, y.Pos.Line), cmp.Compare(x.Pos.Column, y.Pos.Column))
	})
}

func (b *binder) change(kind, name, what, from, to string) {
	if from != to || what == "delete" || what == "value" {
		b.changes = append(b.changes, Change{kind, name, what, from, to})
	}
}

func (b *binder) changesOfArchive() {
	name := b.header.Host
	b.change("archive", name, "host", b.header.Host, b.edited.Host)
	b.change("archive", name, "time zone", b.header.Zone, b.edited.Zone)
	b.change("archive", name, "zoneinfo", b.header.ZoneInfo, b.edited.ZoneInfo)
	b.change("archive", name, "features", fmt.Sprintf("0x%x", b.header.Features), fmt.Sprintf("0x%x", b.edited.Features))
	if b.shift != 0 {
		b.change("archive", name, "times", "", "moved by "+b.shift.String())
	}
}

func (b *binder) changesOfMetric(m *metric) {
	name := m.name
	if m.name != m.old.PMID.String() {
		name += " (" + m.old.PMID.String() + ")"
	}
	if m.remove {
		b.change("metric", name, "delete", "", "")
		return
	}
	for _, old := range slices.Sorted(maps.Keys(m.names)) {
		b.change("metric", name, "name", old, m.names[old])
	}
	b.change("metric", name, "PMID", m.old.PMID.String(), m.pmid.String())
	b.change("metric", name, "type", m.old.Type.String(), m.typ.String())
	b.change("metric", name, "semantics", m.old.Sem.String(), m.sem.String())
	units := unitsText(m.units)
	if m.rescale {
		units += ", values converted"
	}
	b.change("metric", name, "units", unitsText(m.old.Units), units)
	indom := indomText(m.indom)
	if m.picks() {
		indom += ", " + m.pickText()
	}
	b.change("metric", name, "instance domain", indomText(m.old.InDom), indom)
	for _, r := range m.replace {
		b.change("metric", name, "value", "/"+r.Pattern+"/", `"`+r.With+`"`)
	}
}

// pickText describes which value remains.
func (m *metric) pickText() string {
	switch {
	case m.old.InDom == pcp.InDomNull:
		return fmt.Sprintf("as instance %d", m.picked)
	case m.pick == rules.PickInst:
		return "value of instance " + instText(*m.inst)
	}
	return "value: " + m.pick.String()
}

func (b *binder) changesOfInDom(in *indom) {
	name := in.id.String()
	switch {
	case in.cull:
		b.change("indom", name, "delete", "", "")
		return
	case in.duplicate:
		b.change("indom", name, "copy", "", in.to.String())
	default:
		b.change("indom", name, "number", in.id.String(), in.to.String())
	}
	if !in.changesInsts() {
		return
	}
	seen := map[meta.Instance]bool{}
	for version := range b.store.InDomVersions(in.id) {
		for _, inst := range version.Instances {
			if seen[inst] {
				continue
			}
			seen[inst] = true
			out, keep := in.instance(inst, false)
			of := fmt.Sprintf("%s[%d %q]", name, inst.ID, inst.Name)
			if !keep {
				b.change("instance", of, "delete", "", "")
				continue
			}
			b.change("instance", of, "number", fmt.Sprint(inst.ID), fmt.Sprint(out.ID))
			b.change("instance", of, "name", inst.Name, out.Name)
		}
	}
}

func (b *binder) changesOfText(key textKey, x *text) {
	name := ownerOfText(meta.Text{Type: key.typ, Ident: key.ident}) + " " + map[bool]string{true: "oneline", false: "help"}[key.typ&meta.TextOneLine != 0]
	if x.remove {
		b.change("text", name, "delete", "", "")
		return
	}
	if x.text != nil {
		old, _ := b.store.Text(key.typ, key.ident)
		b.change("text", name, "content", old, *x.text)
	}
	if x.ident != nil {
		b.change("text", name, "owner", ownerOfText(meta.Text{Type: key.typ, Ident: key.ident}), ownerOfText(meta.Text{Type: key.typ, Ident: *x.ident}))
	}
}

// changesOfLabels lists what a rule changes of the labels of an owner.
func (b *binder) changesOfLabels(o owner, r *rules.Label) {
	name := strings.TrimSpace(o.level.String() + " " + (&meta.Labels{Level: o.level, Ident: o.ident}).Owner())
	if r.Inst != nil {
		name += "[" + instText(*r.Inst) + "]"
	}
	labels := "all labels"
	if r.Name != nil {
		labels = *r.Name
	}
	if r.Value != nil {
		labels += fmt.Sprintf(" that are %q", *r.Value)
	}
	for _, c := range r.Clauses {
		switch c := c.(type) {
		case *rules.Delete:
			b.change("label", name, "delete", labels, "")
		case *rules.NewLabel:
			b.change("label", name, "new", "", fmt.Sprintf("%s=%q", c.Name, c.Value))
		case *rules.SetLabelName:
			b.change("label", name, "name", labels, c.Name)
		case *rules.SetLabelValue:
			b.change("label", name, "value", labels, c.Value)
		case *rules.MoveLabel:
			to := moveTarget(c, o)
			b.change("label", name, "owner", labels, strings.TrimSpace(o.level.String()+" "+(&meta.Labels{Level: to.level, Ident: to.ident}).Owner()))
		}
	}
}
