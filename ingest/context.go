package ingest

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
)

// relabelledNatives are natives whose context labels follow the relabelling: a
// context label takes the value on which all series of the archive agree.
type relabelledNatives struct {
	native.Chain
	labels map[string]string // of the archive's series; an empty value where they differ
	made   map[*native.Metric]*native.Metric
}

// Places returns the places of a series, with metrics of the changed context.
func (r relabelledNatives) Places(s *prom.Series) []native.Place {
	places := r.Chain.Places(s)
	for i := range places {
		p := &places[i]
		changed := r.made[p.Metric]
		if changed == nil {
			changed = r.relabel(p.Metric)
			r.made[p.Metric] = changed
		}
		if changed != p.Metric {
			p.Labels = without(labelset.Instances, p.Labels, changed.Labels[labelset.AtContext])
		}
		p.Metric = changed
	}
	return places
}

// Claims yields the metrics of the natives.
func (r relabelledNatives) Claims() iter.Seq[*meta.Desc] { return r.Chain.Claims() }

// relabel returns the metric with the changed context, or the metric itself if
// nothing changes.
func (r relabelledNatives) relabel(was *native.Metric) *native.Metric {
	var labels []labelset.Label
	changed := false
	for l := range was.Labels[labelset.AtContext].All() {
		if v := r.labels[l.Name]; v != "" && v != l.Text() {
			l = labelset.String(l.Name, v)
			changed = true
		}
		labels = append(labels, l)
	}
	context, err := labelset.New(labelset.Context, labels...)
	if !changed || err != nil {
		return was
	}
	now := *was
	now.Labels[labelset.AtContext] = context
	now.Labels[labelset.AtItem] = without(labelset.Item, was.Labels[labelset.AtItem], context)
	return &now
}

// without returns a set without the labels that the context has with the same
// value.
func without(level labelset.Level, set, context labelset.Set) labelset.Set {
	var kept []labelset.Label
	n := 0
	for l := range set.All() {
		n++
		if c, ok := context.Lookup(l.Name); !ok || c.Value != l.Value {
			kept = append(kept, l)
		}
	}
	if len(kept) == n {
		return set
	}
	less, err := labelset.New(level, kept...)
	if err != nil {
		return set
	}
	return less
}
