package size

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Report returns the account of the archives added so far.
func (m *Meter) Report() *Report {
	r := &Report{Files: slices.Clone(m.files)}
	for _, k := range m.kinds {
		if k.Length > 0 {
			r.Kinds = append(r.Kinds, *k)
		}
	}
	slices.SortFunc(r.Kinds, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(b.Length, a.Length), cmp.Compare(a.Name, b.Name))
	})
	for _, c := range m.metrics {
		metric := c.Metric
		if c.gaps > 0 {
			metric.Interval = time.Duration(c.seconds / float64(c.gaps) * float64(time.Second))
		}
		r.Metrics = append(r.Metrics, metric)
	}
	slices.SortFunc(r.Metrics, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(b.Values+b.Metadata, a.Values+a.Metadata), cmp.Compare(a.Name, b.Name), cmp.Compare(a.PMID, b.PMID))
	})
	for _, d := range m.domains {
		r.Domains = append(r.Domains, *d)
	}
	slices.SortFunc(r.Domains, func(a, b Domain) int {
		return cmp.Or(cmp.Compare(b.Length+b.Labels+b.Text, a.Length+a.Labels+a.Text), cmp.Compare(a.InDom, b.InDom))
	})
	for _, level := range slices.Sorted(maps.Keys(m.levels)) {
		r.Labels = append(r.Labels, *m.levels[level])
	}
	for _, d := range m.days {
		r.Days = append(r.Days, *d)
	}
	slices.SortFunc(r.Days, func(a, b Day) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Host, b.Host))
	})
	return r
}
