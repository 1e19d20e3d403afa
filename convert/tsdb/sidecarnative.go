package tsdb

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

// NewNatives returns the [native.Resolver] that makes series again the PCP
// metrics that they were made of: those with an Origin, as a Reader finds it in
// the sidecars of blocks. It is for one archive, that of the first host: those of
// other hosts, and what the archive has otherwise under the same number or name,
// are counted in the report as renamed. claims yields all metrics that may come;
// it may be nil if none has the domain of PCP's openmetrics agent.
func NewNatives(r *prom.Report, claims iter.Seq[*meta.Desc]) native.ClaimingResolver {
	return &natives{
		report: r, claims: claims, metrics: map[*history.Metric]*native.Metric{},
		numbers: map[pcp.PMID]*history.Metric{}, names: map[string]pcp.PMID{},
	}
}

type natives struct {
	report  *prom.Report
	claims  iter.Seq[*meta.Desc]
	host    string
	metrics map[*history.Metric]*native.Metric
	// the first of a number or name
	numbers map[pcp.PMID]*history.Metric
	names   map[string]pcp.PMID
}

// Natives returns the NewNatives of what the sidecars of a Reader's blocks say.
func (r *Reader) Natives(report *prom.Report) native.ClaimingResolver {
	return NewNatives(report, func(yield func(*meta.Desc) bool) {
		for _, m := range r.book.metrics {
			if !yield(m.Desc) {
				return
			}
		}
	})
}

// Claims yields the metrics that may come.
func (n *natives) Claims() iter.Seq[*meta.Desc] {
	if n.claims == nil {
		return func(func(*meta.Desc) bool) {}
	}
	return n.claims
}

// Places returns the instance of the metric that a series is made of.
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
	// Where labels or a text changed, one series ends when the next begins.
	p := native.Place{Metric: m, ID: pcp.InstNull, Combine: native.CombineLast}
	if d.InDom == pcp.InDomNull && numbered {
		p.ID = numberOf(s) // an old logger's instance without a domain
	}
	if d.InDom != pcp.InDomNull {
		p.Alone = !numbered
		p.Instance, p.ID, p.Labels = s.PCPSeries.Inst.Name, s.PCPSeries.Inst.ID, s.PCPSeries.Labels
	}
	if d.Type == pcp.TypeString {
		if i := slices.IndexFunc(s.Labels, func(l prom.Label) bool { return l.Name == s.TextLabel }); i >= 0 {
			p.Text = s.Labels[i].Value // an empty one is no label
		}
	}
	return []native.Place{p}
}

// metric returns what a metric is in the archive, nil if that has no place for it.
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

// admits reports whether a metric may have its number and name.
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

// freeNames returns the names of a metric, the one that it goes by first, without
// those that another metric of the archive has.
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

// numberOf returns the number that the label instid of a series has, InstNull if
// that is none.
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
