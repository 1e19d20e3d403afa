package main

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
)

// movedNatives are natives whose context labels relabelling has changed: those in
// which all series of the archive agree.
type movedNatives struct {
	native.Resolver
	labels map[string]string // of all series; "" where they differ
	moved  map[*native.Metric]*native.Metric
}

// Places returns the places, of metrics with the changed context.
func (m movedNatives) Places(s *prom.Series) []native.Place {
	places := m.Resolver.Places(s)
	for i := range places {
		p := &places[i]
		native := m.moved[p.Metric]
		if native == nil {
			native = m.move(p.Metric)
			m.moved[p.Metric] = native
		}
		if native != p.Metric {
			p.Labels = without(labelset.Instances, p.Labels, native.Labels[0])
		}
		p.Metric = native
	}
	return places
}

// Claims yields the metrics of the natives.
func (m movedNatives) Claims() iter.Seq[*meta.Desc] { return chainedNatives{m.Resolver}.Claims() }

// move returns the metric with the changed context, itself if nothing changed.
func (m movedNatives) move(was *native.Metric) *native.Metric {
	var context []labelset.Label
	changed := false
	for l := range was.Labels[0].All() {
		if v := m.labels[l.Name]; v != "" && v != l.Text() {
			l = labelset.String(l.Name, v)
			changed = true
		}
		context = append(context, l)
	}
	set, err := labelset.New(labelset.Context, context...)
	if !changed || err != nil {
		return was
	}
	now := *was
	now.Labels[0] = set
	const item = 4 // the level of a metric
	now.Labels[item] = without(labelset.Item, was.Labels[item], set)
	return &now
}

// without returns a set without the labels that the context says already.
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
