package diff

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

// Compare compares two sides. It reads the values of each side once.
func Compare(ctx context.Context, a, b Side, o Options) (*Report, error) {
	o.Threshold = cmp.Or(o.Threshold, DefaultThreshold)
	r := &Report{}
	var err error
	if r.A, err = a.summary(ctx, o); err != nil {
		return nil, err
	}
	if r.B, err = b.summary(ctx, o); err != nil {
		return nil, err
	}
	r.compareDescs(a.descs(o), b.descs(o))
	names := namesOf(r.A, r.B)
	r.compareValues(names.series(r.A), names.series(r.B), o.Threshold)
	labelsA, err := a.labels(o, names)
	if err != nil {
		return nil, err
	}
	labelsB, err := b.labels(o, names)
	if err != nil {
		return nil, err
	}
	r.compareLabels(labelsA, labelsB)
	return r, nil
}

// summary returns the statistics of a side.
func (s Side) summary(ctx context.Context, o Options) (*summary.Summary, error) {
	return summary.Of(ctx, s.Set, summary.Options{From: s.From, To: s.To, Metrics: o.Metrics})
}

// descs returns the descriptors of a side by name, the last one of each.
func (s Side) descs(o Options) map[string]*meta.Desc {
	descs := map[string]*meta.Desc{}
	to := cmp.Or(s.To, pcp.MaxTime)
	for r := range s.Set.Between(s.From, to) {
		for d := range r.Meta().Metrics() {
			if o.Metrics != nil && !o.Metrics(d) {
				continue
			}
			for _, name := range d.Names {
				descs[name] = d
			}
		}
	}
	return descs
}

// labels returns the labels of the series of a side.
func (s Side) labels(o Options, names names) (map[Series]labelset.Set, error) {
	labels := map[Series]labelset.Set{}
	for x, err := range s.Set.MergedLabels("", cmp.Or(s.To, pcp.MaxTime)) {
		if err != nil {
			return nil, err
		}
		if o.Metrics == nil || o.Metrics(x.Series.Metric.Desc) {
			labels[names.of(x.Metric, x.Series)] = x.Labels
		}
	}
	return labels, nil
}

// names are the metrics that one side has of several exporters, by number. Their series are
// named with the exporter.
type names map[pcp.PMID]bool

func namesOf(sides ...*summary.Summary) names {
	n := names{}
	for _, s := range sides {
		for _, x := range s.Series {
			if x.Target != "" {
				n[x.Series.Metric.Desc.PMID] = true
			}
		}
	}
	return n
}

// of names a series of a metric.
func (n names) of(metric string, s *history.Series) Series {
	name := Series{Metric: metric, Instance: s.Inst.Name}
	if n[s.Metric.Desc.PMID] {
		name.Target = s.Metric.Target.String()
	}
	return name
}

// series returns the series of a summary by name.
func (n names) series(s *summary.Summary) map[Series]*summary.Series {
	all := make(map[Series]*summary.Series, len(s.Series))
	for _, x := range s.Series {
		all[n.of(cmp.Or(x.Series.Metric.Name, x.Series.Metric.Desc.PMID.String()), x.Series)] = x
	}
	return all
}

// compareDescs compares the descriptors.
func (r *Report) compareDescs(a, b map[string]*meta.Desc) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		other, ok := b[name]
		switch {
		case !ok:
			r.OnlyA = append(r.OnlyA, name)
		case !sameDesc(a[name], other):
			r.Redescribed = append(r.Redescribed, Redescribed{name, a[name], other})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if a[name] == nil {
			r.OnlyB = append(r.OnlyB, name)
		}
	}
}

// sameDesc reports whether two descriptors differ in nothing but names.
func sameDesc(a, b *meta.Desc) bool {
	return a.PMID == b.PMID && a.Type == b.Type && a.InDom == b.InDom && a.Sem == b.Sem && a.Units == b.Units
}

// compareValues compares the averages.
func (r *Report) compareValues(a, b map[Series]*summary.Series, threshold float64) {
	for _, s := range sorted(a) {
		other := b[s]
		switch {
		case other == nil && !has(r.OnlyA, s.Metric):
			r.MissingB = append(r.MissingB, s)
		case other == nil || a[s].Units != other.Units:
			// Only one side describes the metric, or Redescribed has it.
		default:
			r.compareAverages(Change{s, other.Units, a[s].TimeAverage, other.TimeAverage}, threshold)
		}
	}
	for _, s := range sorted(b) {
		if a[s] == nil && !has(r.OnlyB, s.Metric) {
			r.MissingA = append(r.MissingA, s)
		}
	}
	slices.SortStableFunc(r.Changes, func(x, y Change) int {
		return cmp.Compare(y.distance(), x.distance())
	})
}

// has reports whether sorted names hold one.
func has(names []string, name string) bool {
	_, found := slices.BinarySearch(names, name)
	return found
}

// compareAverages adds a change if it is large enough.
func (r *Report) compareAverages(c Change, threshold float64) {
	if math.IsNaN(c.A) || math.IsNaN(c.B) {
		return // one value of a counter gives no rate
	}
	if d := c.distance(); d == 0 || d < math.Log(threshold) {
		r.Same++
		return
	}
	r.Changes = append(r.Changes, c)
}

// sorted returns the series of a map in order.
func sorted(all map[Series]*summary.Series) []Series {
	return slices.SortedFunc(maps.Keys(all), func(a, b Series) int {
		return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Instance, b.Instance), strings.Compare(a.Target, b.Target))
	})
}

// compareLabels compares the labels of the series that both sides have.
func (r *Report) compareLabels(a, b map[Series]labelset.Set) {
	counts := map[LabelChange]int{}
	for s, labels := range a {
		other, ok := b[s]
		if !ok || labels.Equal(other) {
			continue
		}
		for l := range labels.All() {
			if with := valueOf(other, l.Name); with != l.Value {
				counts[LabelChange{Name: l.Name, A: l.Value, B: with}]++
			}
		}
		for l := range other.All() {
			if valueOf(labels, l.Name) == "" {
				counts[LabelChange{Name: l.Name, B: l.Value}]++
			}
		}
	}
	for change, n := range counts {
		change.Series = n
		r.Labels = append(r.Labels, change)
	}
	slices.SortFunc(r.Labels, func(x, y LabelChange) int {
		return cmp.Or(cmp.Compare(y.Series, x.Series), strings.Compare(x.Name, y.Name), strings.Compare(x.A, y.A), strings.Compare(x.B, y.B))
	})
}

// valueOf returns the value of a label as JSON, "" if there is none.
func valueOf(s labelset.Set, name string) string {
	l, ok := s.Lookup(name)
	if !ok {
		return ""
	}
	return l.Value
}
