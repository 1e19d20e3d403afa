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
	members map[pcp.InstID]*nativeMember
	nextID  pcp.InstID
	changed bool
	indom   *meta.InDom
	labels  *meta.Labels
}

type nativeMember struct {
	inst   meta.Instance
	labels labelset.Set
	live   int // slots with a value
}

// member finds or makes the instance of a place. A number that another instance
// has is not taken again.
func (in *nativeInDom) member(p Place) *nativeMember {
	if id, ok := in.byName[p.Instance]; ok {
		return in.members[id]
	}
	id := p.ID
	if _, taken := in.members[id]; taken || id == pcp.InstNull {
		for in.members[in.nextID] != nil {
			in.nextID++
		}
		id = in.nextID
	}
	m := &nativeMember{inst: meta.Instance{ID: id, Name: p.Instance}, labels: p.Labels}
	in.byName[p.Instance], in.members[id] = id, m
	return m
}

// rebuild makes the domain anew if instances came or went.
func (in *nativeInDom) rebuild(t pcp.Timestamp) {
	if !in.changed {
		return
	}
	in.changed = false
	var series []*archive.Series
	for _, m := range in.members {
		if m.live > 0 {
			series = append(series, &archive.Series{Inst: m.inst, Labels: m.labels})
		}
	}
	slices.SortFunc(series, func(a, b *archive.Series) int { return cmp.Compare(a.Inst.ID, b.Inst.ID) })
	in.indom, in.labels = domainOf(in.id, t, series)
}
