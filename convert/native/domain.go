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

// domain is an instance domain. Several metrics may share it.
type domain struct {
	id      pcp.InDomID
	byName  map[string]pcp.InstID // the first number that each name had
	members map[meta.Instance]*member
	taken   map[pcp.InstID]bool  // numbers that an instance has or had
	live    map[*member]struct{} // members with a value in some metric
	nextID  pcp.InstID           // where the search for a free number continues
	births  int                  // counts the events that made an instance present
	changed bool                 // indom and labels are out of date
	indom   *meta.InDom
	labels  *meta.Labels
}

// member is an instance of a domain.
type member struct {
	inst        meta.Instance
	labels      labelset.Set
	relabelings uint64 // number of changes of labels
	live        int    // slots of the instance that have a value
	born        int    // domain.births when the instance last became present
	alone       bool   // see Place.Alone
	absent      bool   // it left the domain, although some metric still has a value for it
	tick        uint64 // the last step with a value
}

func newDomain(id pcp.InDomID) *domain {
	return &domain{
		id: id, byName: map[string]pcp.InstID{}, members: map[meta.Instance]*member{},
		taken: map[pcp.InstID]bool{}, live: map[*member]struct{}{},
	}
}

// member finds or makes the instance of a place. Places without numbers share an
// instance by name. With numbers, several instances may have one name or none, and
// instances one after another may have one number, as agents reuse numbers.
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

// rejoin notes that an instance has a value in a step. If it was absent, it is a
// member of the domain again.
func (in *domain) rejoin(m *member, p *Place, tick uint64) {
	m.tick = tick
	if m.absent || m.alone != p.Alone {
		in.births++
		m.born, m.alone, m.absent, in.changed = in.births, p.Alone, false, true
	}
}

// leave takes an instance out of the domain until it has a value again.
func (in *domain) leave(m *member) { m.absent, in.changed = true, true }

// describe sets the labels of an instance.
func (in *domain) describe(m *member, labels labelset.Set) {
	if !m.labels.Equal(labels) {
		m.labels, in.changed = labels, true
		m.relabelings++
	}
}

// countLive adds d, which is 1 or -1, to the slots of an instance that have a
// value.
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

// add adds an instance that is not there yet.
func (in *domain) add(m *member) {
	in.members[m.inst], in.taken[m.inst.ID] = m, true
	if _, ok := in.byName[m.inst.Name]; !ok {
		in.byName[m.inst.Name] = m.inst.ID
	}
}

// rebuild makes indom and labels if they are out of date.
func (in *domain) rebuild(t pcp.Timestamp) {
	if !in.changed {
		return
	}
	in.changed = false
	// Other metrics notice only with their next values that an instance is gone. So
	// the youngest member wins over older ones with its number, and over older ones
	// with its name if one of the two must be alone.
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
	// An archive's instance domain cannot hold an instance without a name.
	in.indom.Instances = slices.DeleteFunc(in.indom.Instances, func(inst meta.Instance) bool { return inst.Name == "" })
}
