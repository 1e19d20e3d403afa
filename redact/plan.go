package redact

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// plan says how the texts of one archive are replaced.
type plan struct {
	rules     *Rules
	host      role // of the name in the archive's label
	values    map[pcp.PMID]role
	instances map[pcp.InDomID]role
	labels    map[string]role // by the name of the label
	texts     bool            // a metric has values that are no numbers
}

func newPlan(rules *Rules, r *archive.Reader) *plan {
	p := &plan{rules: rules, values: map[pcp.PMID]role{}, instances: map[pcp.InDomID]role{}, labels: map[string]role{}}
	if rules.first(func(r *Rule) bool { return r.Kind == KindHost }) == KindHost {
		p.host = role{kind: KindHost}
	} else {
		p.host = role{kind: KindNone}
	}
	for d := range r.Meta().Metrics() {
		p.add(d)
	}
	return p
}

func (p *plan) add(d *meta.Desc) {
	if !d.Type.IsNumeric() {
		p.texts = true
		p.values[d.PMID] = role{kind: p.rules.ofValue(d.Names)}
	}
	if d.InDom == pcp.InDomNull {
		return
	}
	if known, ok := p.instances[d.InDom]; ok && known.kind != KindNone {
		return
	}
	p.instances[d.InDom] = role{kind: p.rules.ofInstance(d.Names), pid: true}
}

// value returns how the values of a metric are replaced.
func (p *plan) value(id pcp.PMID) role {
	if as, ok := p.values[id]; ok {
		return as
	}
	return role{kind: KindNone}
}

// instance returns how the names of a domain's instances are replaced.
func (p *plan) instance(id pcp.InDomID) role {
	if as, ok := p.instances[id]; ok {
		return as
	}
	return role{kind: KindNone}
}

// label returns how the values of a label are replaced.
func (p *plan) label(name string) role {
	as, ok := p.labels[name]
	if !ok {
		as = role{kind: p.rules.ofLabel(name)}
		p.labels[name] = as
	}
	return as
}

// fixedTexts adds the texts of an archive that never change: names of metrics and of labels,
// and the zone.
func fixedTexts(r *archive.Reader, all map[string]bool) {
	for d := range r.Meta().Metrics() {
		for _, name := range d.Names {
			all[name] = true
		}
	}
	h := r.Header()
	all[h.Zone], all[h.ZoneInfo] = true, true
}
