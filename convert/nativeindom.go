package convert

import (
	"cmp"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nativeInDom is an instance domain, which metrics share.
type nativeInDom struct {
	id      pcp.InDomID
	byName  map[string]pcp.InstID
	members map[meta.Instance]*nativeMember
	taken   map[pcp.InstID]bool // numbers
	nextID  pcp.InstID
	births  int
	changed bool
	indom   *meta.InDom
	labels  *meta.Labels
}

type nativeMember struct {
	inst   meta.Instance
	labels labelset.Set
	live   int // slots with a value
	born   int // which of the domain's births it was that gave it the first
}

// member finds or makes the instance of a place. Where places have numbers, a
// name may be that of several, or empty, and a number that of one instance after
// another, as agents give numbers again. Its labels are those of its last place.
func (in *nativeInDom) member(p Place) *nativeMember {
	id := p.ID
	if id == pcp.InstNull {
		if id, ok := in.byName[p.Instance]; ok {
			return in.members[meta.Instance{ID: id, Name: p.Instance}]
		}
		for in.taken[in.nextID] {
			in.nextID++
		}
		id = in.nextID
	}
	inst := meta.Instance{ID: id, Name: p.Instance}
	m := in.members[inst]
	switch {
	case m == nil:
		m = &nativeMember{inst: inst}
		in.add(m)
	case p.ID == pcp.InstNull || m.labels.Equal(p.Labels):
		return m
	}
	in.changed = true
	m.labels = p.Labels
	return m
}

// add enters an instance.
func (in *nativeInDom) add(m *nativeMember) {
	in.members[m.inst], in.taken[m.inst.ID] = m, true
	if _, ok := in.byName[m.inst.Name]; !ok {
		in.byName[m.inst.Name] = m.inst.ID
	}
}

// rebuild makes the domain anew if instances came or went.
func (in *nativeInDom) rebuild(t pcp.Timestamp) {
	if !in.changed {
		return
	}
	in.changed = false
	current := map[pcp.InstID]*nativeMember{} // of those with one number the youngest
	for _, m := range in.members {
		if was := current[m.inst.ID]; m.live > 0 && (was == nil || m.born > was.born) {
			current[m.inst.ID] = m
		}
	}
	series := make([]*archive.Series, 0, len(current))
	for _, m := range current {
		series = append(series, &archive.Series{Inst: m.inst, Labels: m.labels})
	}
	slices.SortFunc(series, func(a, b *archive.Series) int { return cmp.Compare(a.Inst.ID, b.Inst.ID) })
	in.indom, in.labels = domainOf(in.id, t, series)
}
