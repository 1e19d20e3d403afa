package exporter

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// table names the series of a query's pages, and keeps the names for later pages.
type table struct {
	sets     []*store.Set
	targets  bool // series of Prometheus have the labels of their endpoint
	names    flatten.HostNames
	hosts    []*flatten.Flattener
	parts    map[*flatten.Flattener]map[history.Target]int // the numbers of history.Step.Part
	snapshot *expo.Snapshot
	page     int64 // number of the page; the time that its samples have in snapshot
	series   int
}

// spareSeries is the number of series that have ended and that a table keeps.
const spareSeries = 2000

// families returns the values as families of Prometheus.
func (t *table) families(ctx context.Context, v *View, q *Query, values []*instant.Values) ([]expo.Family, error) {
	live := 0
	for _, vals := range values {
		live += vals.Len()
	}
	sets := make([]*store.Set, len(q.Subjects))
	for i, s := range q.Subjects {
		sets[i] = s.Set()
	}
	targets := flatten.CountEndpoints(readers(ctx, q)) > 1
	moved := len(sets) > 1 && !slices.Equal(sets, t.sets) // hosts may clash otherwise
	if t.snapshot == nil || q.times || moved || targets != t.targets || t.series > 2*live+spareSeries {
		t.sets, t.targets = sets, targets
		t.begin(ctx, q)
	}
	if err := ctx.Err(); err != nil {
		t.snapshot = nil // it may have been made from a part of the archives
		return nil, err
	}
	t.page++
	for i, vals := range values {
		if err := t.put(q, t.hosts[i], vals); err != nil {
			return nil, err
		}
	}
	families := t.snapshot.Families()
	t.series = 0
	for _, f := range t.hosts[:min(1, len(t.hosts))] { // all share one table of series
		for range f.Origins() {
			t.series++
		}
	}
	if q.times {
		for i := range families {
			for j := range families[i].Samples {
				s := &families[i].Samples[j]
				s.Time = v.Move.Forth(s.Time)
			}
		}
		t.snapshot = nil // the next page has other times
	}
	return families, nil
}

// readers yields the archives that describe the metrics of a query. It ends early if ctx does.
func readers(ctx context.Context, q *Query) iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		for _, s := range q.Subjects {
			all, err := s.Readers(ctx, q.At)
			if err != nil {
				return
			}
			for _, r := range all {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// begin forgets all names.
func (t *table) begin(ctx context.Context, q *Query) {
	o := flatten.Options{
		NoHealth: true, Names: q.style, TextLabels: q.strings, InstanceIDs: q.instID, OptionalLabels: q.optional,
		TargetLabels: t.targets, AllNames: true, Clashes: t.names.Clashes(store.Until(t.sets, ctx.Err), q.At, q.At),
	}
	so := expo.SnapshotOptions{Lookback: time.Millisecond} // only what the page itself puts
	if q.times {
		so.Lookback = 0
	}
	t.snapshot, t.parts = expo.NewSnapshot(so), map[*flatten.Flattener]map[history.Target]int{}
	root := flatten.New(t.snapshot, o)
	t.hosts = make([]*flatten.Flattener, len(t.sets))
	for i, set := range t.sets {
		t.hosts[i] = root.Fork(set.Host())
	}
}

// put flattens the values of a host. The samples get the page's number as their time, or
// their own time if the page has times.
func (t *table) put(q *Query, f *flatten.Flattener, values *instant.Values) error {
	if !q.times {
		steps := values.Steps()
		for _, step := range steps {
			step.Stamp = pcp.TimestampMilli(t.page)
		}
		return t.putSteps(f, steps)
	}
	return t.putSteps(f, byTime(values))
}

// putSteps flattens steps. Each target is a part of its own.
func (t *table) putSteps(f *flatten.Flattener, steps []*history.Step) error {
	parts := t.parts[f]
	if parts == nil {
		parts = map[history.Target]int{}
		t.parts[f] = parts
	}
	for _, step := range steps {
		part, known := parts[step.Target]
		if !known {
			part = len(parts)
			parts[step.Target] = part
		}
		step.Part = part
		if err := f.Put(step); err != nil {
			return err
		}
	}
	return nil
}

// byTime returns values as steps of the times at which they were recorded, ascending.
func byTime(values *instant.Values) (steps []*history.Step) {
	type key struct {
		stamp  pcp.Timestamp
		target history.Target
	}
	byKey := map[key]*history.Step{}
	for _, m := range values.Metrics {
		for i := range m.Points {
			at := key{m.Stamps[i], m.Metric.Target}
			step := byKey[at]
			if step == nil {
				step = &history.Step{Stamp: at.stamp, Target: at.target}
				byKey[at] = step
				steps = append(steps, step)
			}
			if n := len(step.Metrics); n == 0 || step.Metrics[n-1].Metric != m.Metric {
				mv := m.MetricValues
				mv.Points = nil
				step.Metrics = append(step.Metrics, mv)
			}
			last := &step.Metrics[len(step.Metrics)-1]
			last.Points = append(last.Points, m.Points[i])
		}
	}
	slices.SortStableFunc(steps, func(a, b *history.Step) int { return a.Stamp.Compare(b.Stamp) })
	return steps
}
