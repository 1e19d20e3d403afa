package pmseries

import (
	"context"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Described is an instance with its labels.
type Described struct {
	Instance
	Source ID
	// Labels are those of the context, the domain, the instance domain and the instance,
	// merged, optional ones included.
	Labels labelset.Set
}

// inDomLevels are the levels of the labels of an instance, in the order of precedence.
var inDomLevels = [...]labelset.Level{labelset.Context, labelset.Domain, labelset.InDom, labelset.Instances}

// instanceKey tells the instances of a domain apart.
type instanceKey struct {
	inst    pcp.InstID
	name    string
	labels  string
	records [len(inDomLevels) - 1]*meta.Labels
}

// walkInstances visits the instances of a domain of an archive, each as often as its name or
// its labels changed, until visit returns false.
func walkInstances(r *archive.Reader, id pcp.InDomID, visit func(*Described) bool) bool {
	seen := map[instanceKey]bool{}
	d := &meta.Desc{PMID: pcp.NewPMID(id.Domain(), 0, 0), InDom: id}
	for t := r.Header().Start; ; {
		in, until := r.Meta().InDomAt(id, t)
		metric, found, next := r.MetricAt(d, t)
		labels, after := r.Meta().LabelsAt(labelset.Instances, uint32(id), t)
		until = earliest(until, next, after)
		// Before the first labels of the context, pmlogger has not yet read the domain.
		late := found[labelset.AtContext] == nil && next != pcp.MaxTime
		if in != nil && !late {
			for _, inst := range in.Instances {
				own, _ := labels.Find(inst.ID)
				key := instanceKey{inst.ID, inst.Name, own.JSON(), [...]*meta.Labels{found[labelset.AtContext], found[labelset.AtDomain], found[labelset.AtInDom]}}
				if seen[key] {
					continue
				}
				seen[key] = true
				if !visit(describeInstance(metric, inst, own)) {
					return false
				}
			}
		}
		if until == pcp.MaxTime {
			return true
		}
		t = until
	}
}

// earliest returns the earliest of some times.
func earliest(t pcp.Timestamp, others ...pcp.Timestamp) pcp.Timestamp {
	for _, o := range others {
		if o.Before(t) {
			t = o
		}
	}
	return t
}

// describeInstance returns an instance with its labels.
func describeInstance(m *history.Metric, inst meta.Instance, own labelset.Set) *Described {
	context := m.Labels[labelset.AtContext]
	labels, err := labelset.Merge(context, m.Labels[labelset.AtDomain], m.Labels[labelset.AtInDom], own)
	if err != nil {
		labels = context
	}
	return &Described{Instance{InstanceID(inst.Name, labels), inst.ID, inst.Name}, SourceID(context), labels}
}

// instancesOf returns the instances of a metric in all archives. Errors are *[LimitError] and
// that of ctx.
func (v *View) instancesOf(ctx context.Context, metrics []*Metric) ([]*Described, error) {
	var all []*Described
	seen := map[ID]bool{}
	limit := v.x.opts.MaxInstances
	for _, a := range v.archive {
		domains := map[pcp.InDomID]map[ID]bool{}
		for _, m := range metrics {
			if m.InDom != pcp.InDomNull && m.Host == a.set.Host() && a.part.domains[m.InDom] {
				if domains[m.InDom] == nil {
					domains[m.InDom] = map[ID]bool{}
				}
				domains[m.InDom][m.Source] = true
			}
		}
		if len(domains) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r := a.open(ctx)
		if r == nil {
			continue
		}
		for id, sources := range domains {
			walkInstances(r, id, func(d *Described) bool {
				if sources[d.Source] && !seen[d.ID] {
					seen[d.ID] = true
					all = append(all, d)
				}
				return len(all) <= limit && ctx.Err() == nil
			})
		}
		if len(all) > limit {
			return nil, &LimitError{"instances", limit}
		}
	}
	v.x.remember(all)
	return all, ctx.Err()
}

// remember notes instances whose IDs a client learns, so that its next request finds them.
func (x *Index) remember(all []*Described) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range all {
		x.recent.add(d)
	}
}

// instances returns the instances with some IDs. It reads archives for those that nobody
// asked for lately.
func (v *View) instances(ctx context.Context, ids []ID) (map[ID]*Described, error) {
	found, left := map[ID]*Described{}, map[ID]bool{}
	v.x.mu.Lock()
	for _, id := range ids {
		if d := v.x.recent.get(id); d != nil {
			found[id] = d
		} else if !v.isAbsent(id) {
			left[id] = true
		}
	}
	v.x.mu.Unlock()
	if len(left) == 0 {
		return found, nil
	}
	var fresh []*Described
	err := v.walk(ctx, func(d *Described) bool {
		if left[d.ID] {
			delete(left, d.ID)
			found[d.ID] = d
			fresh = append(fresh, d)
		}
		return len(left) > 0
	})
	v.x.remember(fresh)
	if err == nil {
		v.noteAbsent(left)
	}
	return found, err
}

// mostAbsent is the number of IDs without an instance that a View remembers.
const mostAbsent = 10_000

// isAbsent reports whether an ID is known to have no instance.
func (v *View) isAbsent(id ID) bool {
	v.unknown.Lock()
	defer v.unknown.Unlock()
	return v.absent[id]
}

// noteAbsent notes IDs without an instance, so that asking again costs nothing.
func (v *View) noteAbsent(ids map[ID]bool) {
	v.unknown.Lock()
	defer v.unknown.Unlock()
	if v.absent == nil || len(v.absent)+len(ids) > mostAbsent {
		v.absent = map[ID]bool{}
	}
	for id := range ids {
		if len(v.absent) < mostAbsent {
			v.absent[id] = true
		}
	}
}
