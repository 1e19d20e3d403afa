package sidecar

import (
	"iter"
	"slices"
	"strconv"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// NewNatives returns a [native.Resolver] that turns series with an origin back into the
// PCP metrics from which they were made. It serves one archive, for the host of the first
// series. The report counts two kinds of metrics as renamed: those of other hosts, and those
// whose number or name another metric of the archive has. claims yields all metrics that
// the series may name; it may be nil if no metric has the domain of PCP's openmetrics agent.
func NewNatives(r *prom.Report, claims iter.Seq[*meta.Desc]) native.ClaimingResolver {
	return &natives{
		report: r, claims: claims, metrics: map[*history.Metric]*native.Metric{},
		numbers: map[pcp.PMID]*history.Metric{}, names: map[string]pcp.PMID{},
	}
}

// natives implements native.ClaimingResolver.
type natives struct {
	report  *prom.Report
	claims  iter.Seq[*meta.Desc]
	host    string
	metrics map[*history.Metric]*native.Metric
	numbers map[pcp.PMID]*history.Metric // the first metric with each number
	names   map[string]pcp.PMID          // the number of each name
}

// Natives returns the resolver for the metrics in the catalog.
func (c *Catalog) Natives(report *prom.Report) native.ClaimingResolver {
	return NewNatives(report, func(yield func(*meta.Desc) bool) {
		for _, m := range c.metrics {
			if !yield(m.Desc) {
				return
			}
		}
	})
}

// Claims yields all metrics that series may name.
func (n *natives) Claims() iter.Seq[*meta.Desc] {
	if n.claims == nil {
		return func(func(*meta.Desc) bool) {}
	}
	return n.claims
}

// Places returns the metric and instance from which a series was made.
func (n *natives) Places(s *prom.Series) []native.Place {
	if s.PCPMetric == nil || s.PCPSeries == nil {
		return nil
	}
	d := s.PCPMetric.Desc
	numbered := slices.ContainsFunc(s.Labels, func(l prom.Label) bool { return l.Name == "instid" })
	m := n.metric(s.PCPMetric)
	if m == nil {
		n.report.Add(prom.LossRenamed, s.PCPMetric.Name)
		return nil
	}
	// After a change of labels or text, the former series ends when the next one begins.
	p := native.Place{Metric: m, ID: pcp.InstNull, Combine: native.CombineLast}
	if d.InDom == pcp.InDomNull && numbered {
		p.ID = numberOf(s) // an old logger numbered values of a metric without a domain
	}
	if d.InDom != pcp.InDomNull {
		p.Alone = !numbered
		p.Instance, p.ID, p.Labels = s.PCPSeries.Inst.Name, s.PCPSeries.Inst.ID, s.PCPSeries.Labels
	}
	if d.Type == pcp.TypeString {
		if i := slices.IndexFunc(s.Labels, func(l prom.Label) bool { return l.Name == s.TextLabel }); i >= 0 {
			p.Text = s.Labels[i].Value // Prometheus drops labels with an empty value
		}
	}
	return []native.Place{p}
}

// metric returns the archive's metric for an origin, or nil if the archive cannot have it.
func (n *natives) metric(origin *history.Metric) *native.Metric {
	if m, ok := n.metrics[origin]; ok {
		return m
	}
	var m *native.Metric
	if n.admits(origin) {
		desc := *origin.Desc
		desc.Names = n.freeNames(origin)
		m = &native.Metric{Desc: desc, OneLine: origin.OneLine, Help: origin.Help, Labels: origin.Labels, Timely: true, Recorded: true}
	}
	n.metrics[origin] = m
	return m
}

// admits reports whether the archive can have a metric under its own number and name. It
// reserves both if so.
func (n *natives) admits(origin *history.Metric) bool {
	d, host := origin.Desc, origin.Labels[labelset.AtContext].Text(labelHostname)
	first, known := n.numbers[d.PMID]
	id, named := n.names[origin.Name]
	switch {
	case len(n.numbers) > 0 && n.host != host,
		known && (first.Name != origin.Name || first.Desc.Conflict(d) != ""),
		named && id != d.PMID:
		return false
	}
	n.host, n.numbers[d.PMID], n.names[origin.Name] = host, origin, d.PMID
	return true
}

// freeNames returns the names of a metric that no other metric of the archive has, and
// reserves them. origin.Name comes first.
func (n *natives) freeNames(origin *history.Metric) []string {
	names := []string{origin.Name}
	for _, name := range origin.Desc.Names {
		id, taken := n.names[name]
		if name == origin.Name || taken && id != origin.Desc.PMID {
			continue
		}
		n.names[name] = origin.Desc.PMID
		names = append(names, name)
	}
	return names
}

// numberOf returns the number in the label instid of a series, or InstNull.
func numberOf(s *prom.Series) pcp.InstID {
	for _, l := range s.Labels {
		if l.Name != "instid" {
			continue
		}
		if id, err := strconv.ParseInt(l.Value, 10, 32); err == nil && id >= 0 {
			return pcp.InstID(id)
		}
	}
	return pcp.InstNull
}
