package catalogue

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// described is an instance in one state, that is with one name and one label set.
type described struct {
	inst   meta.Instance
	twin   bool // whether another instance of the domain had the same name
	labels labelset.Set
	spans  []span // times of the state, ascending
	hash   digest // of all but the times
}

// span is a span of time. The field to is exclusive.
type span struct{ from, to pcp.Timestamp }

// domain collects the states of the instances of a domain in an archive.
type domain struct {
	all  []described
	byID map[pcp.InstID][]int // states by instance
	open []int                // states in the previous version, by ascending instance
	next []int                // states in the current version, by ascending instance
	// late returns the labels of an instance that the label record in force lacks.
	late func(meta.Instance) labelset.Set
}

// describeDomain returns the states that the instances of a domain have from a time on.
func describeDomain(store *meta.Store, id pcp.InDomID, from pcp.Timestamp) []described {
	d := &domain{byID: map[pcp.InstID][]int{}}
	for t := from; ; {
		in, until := store.InDomAt(id, t)
		labels, other := store.LabelsAt(labelset.Instances, uint32(id), t)
		if other.Before(until) {
			until = other
		}
		d.late = func(inst meta.Instance) labelset.Set { return store.LateLabels(id, other, inst) }
		d.version(in, labels, t, until)
		if until == pcp.MaxTime {
			return d.all
		}
		t = until
	}
}

// version adds the instances of one version of the domain, which holds from a time until
// another.
func (d *domain) version(in *meta.InDom, labels *meta.Labels, from, to pcp.Timestamp) {
	d.next = d.next[:0]
	if in == nil {
		d.open = d.open[:0]
		return
	}
	twins := flatten.TwinNames(in)
	at := 0
	for i, inst := range in.Instances {
		if i > 0 && in.Instances[i-1].ID == inst.ID {
			continue // only the first of several equal numbers counts
		}
		set, ok := labels.Find(inst.ID)
		if !ok {
			set = d.late(inst)
		}
		twin := inst.Name != "" && twins[flatten.PromText(inst.Name)]
		for at < len(d.open) && d.all[d.open[at]].inst.ID < inst.ID {
			at++
		}
		if at < len(d.open) && d.all[d.open[at]].is(inst, twin, set) {
			d.next = append(d.next, d.open[at])
		} else {
			d.next = append(d.next, d.state(inst, twin, set))
		}
		d.all[d.next[len(d.next)-1]].extend(from, to)
	}
	d.open, d.next = d.next, d.open
}

// extend adds a span to the state. It must not begin before the end of earlier spans.
func (s *described) extend(from, to pcp.Timestamp) {
	if n := len(s.spans); n > 0 && s.spans[n-1].to == from {
		s.spans[n-1].to = to
		return
	}
	s.spans = append(s.spans, span{from, to})
}

// is reports whether a state equals that of an instance.
func (s *described) is(inst meta.Instance, twin bool, labels labelset.Set) bool {
	return s.inst == inst && s.twin == twin && s.labels.Equal(labels)
}

// state finds or adds the state of an instance and returns its index.
func (d *domain) state(inst meta.Instance, twin bool, labels labelset.Set) int {
	states := d.byID[inst.ID]
	i := slices.IndexFunc(states, func(i int) bool { return d.all[i].is(inst, twin, labels) })
	if i >= 0 {
		return states[i]
	}
	d.all = append(d.all, described{inst: inst, twin: twin, labels: labels})
	d.byID[inst.ID] = append(states, len(d.all)-1)
	return len(d.all) - 1
}
