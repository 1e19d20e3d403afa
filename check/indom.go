package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// domainState is an instance domain after its last record.
type domainState struct {
	off      int64 // offset of the first record
	complete bool  // there was a record with all instances
	byID     map[pcp.InstID]string
	byName   map[string]pcp.InstID
	byPrefix map[string]pcp.InstID
	ever     map[pcp.InstID]bool // every instance that the domain ever had
	reported map[string]bool     // instance names for which there was a finding
}

func (c *checker) domain(p place, id pcp.InDomID) *domainState {
	d, ok := c.indoms[id]
	if !ok {
		d = &domainState{off: p.off, ever: map[pcp.InstID]bool{}, reported: map[string]bool{}}
		d.clear()
		c.indoms[id] = d
	}
	return d
}

func (d *domainState) clear() {
	d.byID, d.byName, d.byPrefix = map[pcp.InstID]string{}, map[string]pcp.InstID{}, map[string]pcp.InstID{}
}

// inDom checks an instance domain record with all instances.
func (c *checker) inDom(p place, in *meta.InDom, payload []byte) {
	c.store.AddInDom(in)
	if len(in.Instances) == 0 {
		c.at(p, InDomEmpty, "instance domain %s: no instances: readers ignore the record", in.ID)
		return
	}
	c.endsWithNUL(p, in.ID, payload)
	d := c.domain(p, in.ID)
	d.complete = true
	d.clear()
	for _, e := range in.Instances {
		if _, twice := d.byID[e.ID]; twice {
			c.at(p, InDomRepeat, "instance domain %s: instance %d is in the record twice", in.ID, e.ID)
			continue
		}
		c.instance(p, in.ID, d, e)
	}
}

// delta checks a record that changes an instance domain.
func (c *checker) delta(p place, dl *meta.InDomDelta, payload []byte) {
	c.store.AddDelta(dl)
	d := c.domain(p, dl.ID)
	if !d.complete {
		c.at(p, DeltaBase, "instance domain %s: a change without a complete record before it", dl.ID)
	}
	if len(dl.Changes) == 0 {
		c.at(p, InDomEmpty, "instance domain %s: a change that changes nothing", dl.ID)
	}
	adds := false
	changed := map[pcp.InstID]bool{}
	for _, ch := range dl.Changes {
		if changed[ch.ID] {
			c.at(p, InDomRepeat, "instance domain %s: instance %d is in the record twice", dl.ID, ch.ID)
			continue
		}
		changed[ch.ID] = true
		name, known := d.byID[ch.ID]
		switch {
		case ch.Remove && !known && d.complete:
			c.at(p, DeltaRemove, "instance domain %s: instance %d is removed and was not there", dl.ID, ch.ID)
		case ch.Remove:
			d.remove(ch.ID, name)
		case known:
			c.at(p, DeltaAdd, "instance domain %s: instance %d, %.80q, is added and was there as %.80q", dl.ID, ch.ID, ch.Name, name)
		default:
			c.instance(p, dl.ID, d, ch.Instance)
		}
		adds = adds || !ch.Remove
	}
	if adds {
		c.endsWithNUL(p, dl.ID, payload)
	}
}

// endsWithNUL checks that the names at the end of a record end with a NUL.
func (c *checker) endsWithNUL(p place, id pcp.InDomID, payload []byte) {
	if payload[len(payload)-1] != 0 {
		c.at(p, InDomName, "instance domain %s: the last name does not end with a NUL", id)
	}
}

// instance adds an instance to the domain and compares its name with the other names.
func (c *checker) instance(p place, id pcp.InDomID, d *domainState, e meta.Instance) {
	report := func(code finding.Code, format string, args ...any) {
		if !d.reported[e.Name] {
			d.reported[e.Name] = true
			c.at(p, code, "instance domain %s: "+format, append([]any{id}, args...)...)
		}
	}
	prefix, _, _ := strings.Cut(e.Name, " ")
	other, taken := d.byName[e.Name]
	near, close := d.byPrefix[prefix]
	switch {
	case e.Name == "":
		report(InDomName, "instance %d has no name", e.ID)
	case taken:
		report(InDomNames, "instances %d and %d have the name %.80q", other, e.ID, e.Name)
	case close:
		report(InDomPrefix, "instances %d and %d: %.80q and %.80q are equal up to the first blank", near, e.ID, d.byID[near], e.Name)
	}
	d.byID[e.ID], d.byName[e.Name], d.byPrefix[prefix] = e.Name, e.ID, e.ID
	d.ever[e.ID] = true
}

func (d *domainState) remove(id pcp.InstID, name string) {
	delete(d.byID, id)
	if d.byName[name] == id {
		delete(d.byName, name)
	}
	if prefix, _, _ := strings.Cut(name, " "); d.byPrefix[prefix] == id {
		delete(d.byPrefix, prefix)
	}
}

// endInDoms reports instance domains without a metric, and metrics whose instance domain
// has no record.
func (c *checker) endInDoms() {
	used := map[pcp.InDomID]bool{}
	for d := range c.store.Metrics() {
		if d.InDom == pcp.InDomNull {
			continue
		}
		used[d.InDom] = true
		if c.indoms[d.InDom] == nil {
			c.add(DescInDom, c.metaFile.Path, c.descs[d.PMID], "metric %s: its instance domain %s has no record", metricTitle(d, d.PMID), d.InDom)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.indoms)) {
		if !used[id] {
			c.add(InDomIdent, c.metaFile.Path, c.indoms[id].off, "instance domain %s: no metric has it", id)
		}
	}
}
