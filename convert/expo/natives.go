package expo

import (
	"iter"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Natives are the series of pages that are PCP metrics, as their "# PCP5" lines
// say: the samples of a page that pmproxy, pcp2openmetrics or this package wrote
// get back name, number, type, semantics, units and instances. Labels of the
// host are left to the archive, "agent" is one of the domain, and others belong
// to the metric or, where they tell its instances apart, to these. Series whose
// labels another one contradicts are not native, and counted.
//
// It is to be asked when the pages have been read, as it is behind a
// [prom.Sorter]: whose a label is, all series tell together.
type Natives struct {
	lines *pcpLines
	host  string
	// isEndpoint reports whether a host is one that metrics of this host are about.
	isEndpoint func(line *pcpLine, host string) bool
	report     *prom.Report
	metrics    map[metricKey]*native.Metric
	domains    map[pcp.InDomID]*instanceDomain
	targets    map[placeKey][2]string // whose series came first
	names      map[string]pcp.PMID    // that metrics have
}

type (
	// described is a metric as some of its series describe it.
	metricKey struct{ name, domain, item string }
	placeKey  struct {
		pmid pcp.PMID
		inst instanceKey
	}
)

// Natives returns the native series of one archive, that of a host: series with
// another label hostname are none. If host is empty, all hosts' are.
func (r *Reader) Natives(host string) *Natives {
	return &Natives{
		lines: &r.lexer.native, host: host, isEndpoint: r.lexer.native.isEndpoint, report: r.opts.Report,
		metrics: map[metricKey]*native.Metric{}, domains: map[pcp.InDomID]*instanceDomain{},
		targets: map[placeKey][2]string{},
	}
}

// ContextLabels returns the names of labels that are those of a host: none unless
// a page had "# PCP5" lines. It is for after the reading.
func (r *Reader) ContextLabels() []string {
	if len(r.lexer.native.byName) == 0 {
		return nil
	}
	return slices.Clone(contextLabels)
}

// Claims yields the metrics that the lines describe.
func (n *Natives) Claims() iter.Seq[*meta.Desc] {
	n.lines.mu.RLock()
	defer n.lines.mu.RUnlock()
	all := make([]*meta.Desc, 0, len(n.lines.byPMID))
	for _, line := range n.lines.byPMID {
		all = append(all, &line.metric("").Desc)
	}
	return slices.Values(all)
}

// Places returns where the values of a series go.
func (n *Natives) Places(s *prom.Series) []native.Place {
	line := n.lines.lineOf(s.Name)
	if line == nil || !line.typ.IsNumeric() {
		return nil
	}
	labels, ok := line.labels(s.Labels)
	if !ok || n.host != "" && labels.host != "" && labels.host != n.host && !n.isEndpoint(line, labels.host) {
		return nil
	}
	labels.own = withoutHost(labels.own, n.host)
	var domain, item, inst []labelset.Label
	if labels.agent != "" {
		domain = append(domain, labelset.String("agent", labels.agent))
	}
	p := native.Place{Instance: labels.inst.name, ID: labels.inst.id}
	in := n.domain(line.indom)
	for _, l := range labels.own {
		if x := labelset.String(l.Name, l.Value); in == nil || in.ofMetrics[l.Name] {
			item = append(item, x)
		} else {
			inst = append(inst, x)
		}
	}
	var err error
	if p.Labels, err = labelset.New(labelset.Instances, inst...); err != nil {
		return nil
	}
	if p.Metric = n.metric(line, s.Family.Help, domain, item); p.Metric == nil {
		return nil
	}
	if in != nil {
		if p.ID, ok = in.admit(labels.inst, n.lines.instanceLabels(line, labels.inst, in)); !ok {
			n.report.Add(prom.LossNotNative, line.name)
			return nil
		}
	}
	at := placeKey{line.pmid, labels.inst}
	if first, taken := n.targets[at]; !taken {
		n.targets[at] = labels.target
	} else if first == labels.target {
		p.Combine = native.CombineLast // labels changed
	}
	return []native.Place{p}
}

// domain returns what is known of an instance domain, nil if it is none.
func (n *Natives) domain(id pcp.InDomID) *instanceDomain {
	if id == pcp.InDomNull {
		return nil
	}
	d := n.domains[id]
	if d == nil {
		d = n.lines.domain(id)
		n.domains[id] = d
	}
	return d
}

// metric returns the metric of a line with some labels, nil if they cannot be
// recorded.
func (n *Natives) metric(line *pcpLine, help string, domain, item []labelset.Label) *native.Metric {
	domainSet, err := labelset.New(labelset.Domain, domain...)
	if err != nil {
		return nil
	}
	itemSet, err := labelset.New(labelset.Item, item...)
	if err != nil {
		return nil
	}
	key := metricKey{line.name, domainSet.JSON(), itemSet.JSON()}
	m := n.metrics[key]
	if m == nil {
		m = line.metric(help)
		m.Desc.Names = n.freeNames(line)
		m.Labels[labelset.AtDomain], m.Labels[labelset.AtItem] = domainSet, itemSet
		n.metrics[key] = m
	}
	return m
}

// freeNames returns the names of a line's metric without those that are another's.
func (n *Natives) freeNames(line *pcpLine) []string {
	n.lines.mu.RLock()
	defer n.lines.mu.RUnlock()
	if n.names == nil {
		n.names = map[string]pcp.PMID{}
		for _, other := range n.lines.byPMID {
			n.names[other.name] = other.pmid
		}
	}
	names := []string{line.name}
	for _, name := range line.names {
		if id, taken := n.names[name]; !taken || id == line.pmid {
			n.names[name] = line.pmid
			names = append(names, name)
		}
	}
	return names
}

// metric makes the metric that a line describes.
func (l *pcpLine) metric(help string) *native.Metric {
	m := &native.Metric{Recorded: true, Desc: meta.Desc{
		PMID: l.pmid, Type: l.typ, InDom: l.indom, Sem: l.sem, Units: l.units, Names: append([]string{l.name}, l.names...),
	}}
	var more bool
	if m.OneLine, _, more = strings.Cut(help, "\n"); more {
		m.Help = help
	}
	return m
}
