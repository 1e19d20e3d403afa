package native

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nativeInDom is an instance domain, which metrics share.
type domain struct {
	id      pcp.InDomID
	byName  map[string]pcp.InstID
	members map[meta.Instance]*member
	taken   map[pcp.InstID]bool  // numbers
	live    map[*member]struct{} // with a value in some metric
	nextID  pcp.InstID
	births  int
	changed bool
	indom   *meta.InDom
	labels  *meta.Labels
}

type member struct {
	inst        meta.Instance
	labels      labelset.Set
	relabelings uint64 // how often they changed
	live        int    // slots with a value
	born        int    // which of the domain's births it was that made it a member
	alone       bool
	absent      bool   // it left the domain, as far as is known, though it has a value in some metric
	tick        uint64 // of the step in which it had a value last
}

func newDomain(id pcp.InDomID) *domain {
	return &domain{
		id: id, byName: map[string]pcp.InstID{}, members: map[meta.Instance]*member{},
		taken: map[pcp.InstID]bool{}, live: map[*member]struct{}{},
	}
}

// member finds or makes the instance of a place. Where places have numbers, a
// name may be that of several, or empty, and a number that of one instance after
// another, as agents give numbers again.
func (in *domain) member(p Place) *member {
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
	if m == nil {
		m = &member{inst: inst, labels: p.Labels}
		in.add(m)
	}
	return m
}

// has makes a place's instance, which has a value in a step, a member, if it is
// not one.
func (in *domain) rejoin(m *member, p *Place, tick uint64) {
	m.tick = tick
	if m.absent || m.alone != p.Alone {
		in.births++
		m.born, m.alone, m.absent, in.changed = in.births, p.Alone, false, true
	}
}

// leave takes an instance out of the domain until it has a value again.
func (in *domain) leave(m *member) { m.absent, in.changed = true, true }

// describe gives an instance its labels.
func (in *domain) describe(m *member, labels labelset.Set) {
	if !m.labels.Equal(labels) {
		m.labels, in.changed = labels, true
		m.relabelings++
	}
}

// enliven counts the slots of an instance that have a value, one more or less.
func (in *domain) countLive(m *member, d int) {
	switch m.live += d; {
	case m.live == 0:
		delete(in.live, m)
		in.changed = true
	case m.live == 1 && d > 0:
		in.births++
		m.born, m.absent = in.births, false
		in.live[m] = struct{}{}
		in.changed = true
	}
}

// add enters an instance.
func (in *domain) add(m *member) {
	in.members[m.inst], in.taken[m.inst.ID] = m, true
	if _, ok := in.byName[m.inst.Name]; !ok {
		in.byName[m.inst.Name] = m.inst.ID
	}
}

// rebuild makes the domain anew if instances came or went.
func (in *domain) rebuild(t pcp.Timestamp) {
	if !in.changed {
		return
	}
	in.changed = false
	// Metrics learn that an instance is gone with their next values. What became
	// a member last tells, of those with its number, and of those with its name if
	// it is to be alone.
	all := slices.SortedFunc(maps.Keys(in.live), func(a, b *member) int { return cmp.Compare(b.born, a.born) })
	numbers, names := map[pcp.InstID]bool{}, map[string]bool{}
	series := make([]*history.Series, 0, len(all))
	for _, m := range all {
		alone, named := names[m.inst.Name]
		m.absent = m.absent || numbers[m.inst.ID] || named && (alone || m.alone)
		if m.absent {
			continue
		}
		numbers[m.inst.ID], names[m.inst.Name] = true, m.alone
		series = append(series, &history.Series{Inst: m.inst, Labels: m.labels})
	}
	slices.SortFunc(series, func(a, b *history.Series) int { return cmp.Compare(a.Inst.ID, b.Inst.ID) })
	in.indom, in.labels = mapper.InDomOf(in.id, t, series)
	// An instance without a name is none of the domain's that an archive describes.
	in.indom.Instances = slices.DeleteFunc(in.indom.Instances, func(inst meta.Instance) bool { return inst.Name == "" })
}
