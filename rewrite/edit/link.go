package edit

import (
	"maps"
	"slices"
	"strconv"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// link gives the metrics of a changed instance domain its changes, and finds the instance
// domains that no metric uses any more.
func (b *binder) link() {
	for id := range b.store.InDoms() {
		b.scan(id)
	}
	for d := range b.store.Metrics() {
		in, ok := b.indoms[d.InDom]
		if !ok || d.InDom == pcp.InDomNull || b.metrics[d.PMID] != nil && b.metrics[d.PMID].remove {
			continue
		}
		m := b.metric(d)
		if in.changesInsts() {
			m.insts = in
		}
		if in.to == in.id {
			continue
		}
		if pos, explicit := m.set["instance domain"]; explicit {
			if m.indom != in.to {
				b.fail(pos, "%s gets the instance domain %s, but %s becomes %s at %s", m.name, indomText(m.indom), in.id, in.to, in.set["number"])
				m.indom = in.to
			}
			continue
		}
		m.indom = in.to
	}
	b.cull()
	for _, m := range b.sortedMetrics() {
		b.checkInDom(m)
	}
}

// sortedMetrics returns the changed metrics by PMID.
func (b *binder) sortedMetrics() []*metric {
	var all []*metric
	for _, id := range slices.Sorted(maps.Keys(b.metrics)) {
		all = append(all, b.metrics[id])
	}
	return all
}

// cull removes the instance domains that metrics used and that none uses any more.
func (b *binder) cull() {
	before, after := map[pcp.InDomID]bool{}, map[pcp.InDomID]bool{}
	for d := range b.store.Metrics() {
		before[d.InDom] = true
		if m, ok := b.metrics[d.PMID]; !ok {
			after[d.InDom] = true
		} else if !m.remove {
			after[m.indom] = true
		}
	}
	for id := range b.store.InDoms() {
		to, copied := id, false
		if in, ok := b.indoms[id]; ok {
			to, copied = in.to, in.duplicate
		}
		if before[id] && !after[to] && !copied {
			b.indom(id).cull = true
		}
	}
}

// checkInDom checks that the new instance domain of a metric will exist, and finds the
// instance of values that had none.
func (b *binder) checkInDom(m *metric) {
	pos, moved := m.set["instance domain"]
	if !moved || m.remove {
		return
	}
	if m.pick == rules.PickInst && m.old.InDom != pcp.InDomNull {
		id, ok := b.find(m.old.InDom, *m.inst)
		if !ok {
			b.warn(pos, "no instance %s in the instance domain %s of %s", instText(*m.inst), m.old.InDom, m.name)
			id = m.inst.ID
			if m.inst.Name != "" {
				id = pcp.InstNull
			}
		}
		m.picked = id
	}
	if m.indom == pcp.InDomNull {
		return
	}
	source, ok := b.source(m.indom)
	if !ok {
		b.fail(pos, "the new instance domain %s of %s does not exist in the output", m.indom, m.name)
		return
	}
	if m.old.InDom != pcp.InDomNull {
		return
	}
	want := rules.InstPattern{}
	if m.pick == rules.PickInst {
		want = *m.inst
	}
	if m.picked, ok = b.find(source, want); !ok {
		b.warn(pos, "no instance %s in the new instance domain %s of %s", instText(want), m.indom, m.name)
		m.picked = want.ID
	}
}

// source returns the instance domain of the input that becomes id.
func (b *binder) source(id pcp.InDomID) (pcp.InDomID, bool) {
	for old := range b.store.InDoms() {
		to := old
		if in, ok := b.indoms[old]; ok {
			if in.cull {
				continue
			}
			if to = in.to; in.duplicate && old == id {
				return old, true
			}
		}
		if to == id {
			return old, true
		}
	}
	return 0, false
}

// find returns the instance of an instance domain of the input that a pattern selects.
func (b *binder) find(id pcp.InDomID, p rules.InstPattern) (pcp.InstID, bool) {
	for in := range b.store.InDomVersions(id) {
		for _, inst := range in.Instances {
			if p.Matches(inst) {
				return inst.ID, true
			}
		}
	}
	return 0, false
}

func instText(p rules.InstPattern) string {
	if p.Name != "" {
		return `"` + p.Name + `"`
	}
	return strconv.Itoa(int(p.ID))
}

// checkMetrics finds metrics that would get the same PMID.
func (b *binder) checkMetrics() {
	taken := map[pcp.PMID]*meta.Desc{}
	for d := range b.store.Metrics() {
		if m, ok := b.metrics[d.PMID]; !ok || !m.remove && m.pmid == d.PMID {
			taken[d.PMID] = d
		}
	}
	for _, m := range b.sortedMetrics() {
		if m.remove || m.pmid == m.old.PMID {
			continue
		}
		if d, ok := taken[m.pmid]; ok {
			b.fail(m.set["PMID"], "%s gets the PMID %s, which %s has", m.name, m.pmid, d.Name())
		}
		taken[m.pmid] = m.old
	}
}
