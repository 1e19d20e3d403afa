package meta

import (
	"sort"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// maxPast is the time for which an instance keeps its name after its domain dropped it. Later
// the system may have given its number to something else, such as another process.
const maxPast = 10 * time.Minute

// pastNames tells how the versions of an instance domain named its instances.
type pastNames struct {
	events map[pcp.InstID][]namingEvent // by ascending time
	owners map[string]pcp.InstID        // the only instance with a name; InstNull if there were several
	listed map[pcp.InstID]struct{}      // the instances of the version read last
	read   int                          // number of versions read
}

// namingEvent is a version that gave an instance its name, or dropped the instance.
type namingEvent struct {
	stamp   pcp.Timestamp
	name    string // on dropping, the name until then
	dropped bool
}

// PastName returns the name of an instance that a domain, as returned by InDomAt, does not
// list: the last one that an earlier version gave it. A logger fetches a domain after the
// values, so that the domain lacks a process that ended in between. ok is false if no version
// of the ten minutes before listed the instance, or if the domain gave its name to another
// instance, too.
func (s *Store) PastName(in *InDom, inst pcp.InstID) (name string, ok bool) {
	tl := s.indoms[in.ID]
	if tl.len() == 0 {
		return "", false
	}
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.past == nil {
		tl.past = &pastNames{events: map[pcp.InstID][]namingEvent{}, owners: map[string]pcp.InstID{}, listed: map[pcp.InstID]struct{}{}}
	}
	tl.past.readOn(tl.records)
	return tl.past.find(inst, in.Stamp)
}

// find returns the name that an instance had last in the versions until t.
func (p *pastNames) find(inst pcp.InstID, t pcp.Timestamp) (name string, ok bool) {
	all := p.events[inst]
	i := sort.Search(len(all), func(i int) bool { return all[i].stamp.After(t) })
	if i == 0 {
		return "", false
	}
	last := all[i-1]
	if last.name == "" || p.owners[last.name] != inst || last.dropped && t.Sub(last.stamp) > maxPast {
		return "", false
	}
	return last.name, true
}

// readOn reads the versions that were added since.
func (p *pastNames) readOn(all []version) {
	for ; p.read < len(all); p.read++ {
		switch v := all[p.read]; {
		case v.full == nil:
			p.change(v.delta)
		case p.read > 0 && all[p.read-1].full != nil:
			p.replace(all[p.read-1].full.Instances, v.full)
		default:
			for id := range p.listed {
				if _, ok := v.full.Lookup(id); !ok {
					p.drop(v.stamp, id)
				}
			}
			p.replace(nil, v.full)
		}
	}
}

// change reads a delta.
func (p *pastNames) change(dl *InDomDelta) {
	for _, c := range dl.Changes {
		if c.Remove {
			p.drop(dl.Stamp, c.ID)
		} else if _, listed := p.listed[c.ID]; !listed { // a listed one keeps its name, as in Apply
			p.add(dl.Stamp, c.Instance)
		}
	}
}

// replace reads a complete domain that follows a version with the instances before.
func (p *pastNames) replace(before []Instance, in *InDom) {
	for _, e := range in.Instances {
		for len(before) > 0 && before[0].ID < e.ID {
			p.drop(in.Stamp, before[0].ID)
			before = before[1:]
		}
		if len(before) == 0 || before[0] != e {
			p.add(in.Stamp, e)
		}
		if len(before) > 0 && before[0].ID == e.ID {
			before = before[1:]
		}
	}
	for _, e := range before {
		if _, ok := in.Lookup(e.ID); !ok {
			p.drop(in.Stamp, e.ID)
		}
	}
}

// add notes that an instance has a name from t on.
func (p *pastNames) add(t pcp.Timestamp, in Instance) {
	if owner, known := p.owners[in.Name]; !known {
		p.owners[in.Name] = in.ID
	} else if owner != in.ID {
		p.owners[in.Name] = pcp.InstNull
	}
	p.listed[in.ID] = struct{}{}
	all := p.events[in.ID]
	if n := len(all); n == 0 || all[n-1].dropped || all[n-1].name != in.Name {
		p.events[in.ID] = append(all, namingEvent{stamp: t, name: in.Name})
	}
}

// drop notes that the domain lacks an instance from t on.
func (p *pastNames) drop(t pcp.Timestamp, id pcp.InstID) {
	if _, ok := p.listed[id]; !ok {
		return
	}
	delete(p.listed, id)
	all := p.events[id]
	p.events[id] = append(all, namingEvent{t, all[len(all)-1].name, true})
}
