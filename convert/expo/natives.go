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

// Natives is the [native.Resolver] of pages with "# PCP5" lines, which pmproxy,
// pcp2openmetrics and this package write. The series of such a page get back name,
// number, type, semantics, units and instances of the PCP metric.
//
// Labels of the host belong to the archive, and the label "agent" to the domain.
// Other labels belong to the instances if they differ between them, else to the
// metric. A series that contradicts the labels of another one is not native, and
// is counted.
//
// All series of the pages together decide who owns a label. So use Natives only
// after the Reader has read all inputs, as it is the case behind a [prom.Sorter].
type Natives struct {
	lines      *pcpLines
	host       string                                // host of the archive; "" for all hosts
	isEndpoint func(line *pcpLine, host string) bool // see pcpLines.isEndpoint
	report     *prom.Report
	metrics    map[metricKey]*native.Metric
	domains    map[pcp.InDomID]*instanceDomain
	targets    map[placeKey][2]string // job and instance of the first series of each place
	names      map[string]pcp.PMID    // metric by name
}

type (
	// metricKey tells descriptions of a metric apart: its name and its labels of two
	// levels, as JSON.
	metricKey struct{ name, domain, item string }
	// placeKey names an instance of a metric.
	placeKey struct {
		pmid pcp.PMID
		inst instanceKey
	}
)

// Natives returns the resolver for the archive of a host. Series with another label
// hostname are not native there. If host is empty, the series of all hosts are.
func (r *Reader) Natives(host string) *Natives {
	return &Natives{
		lines: &r.lexer.native, host: host, isEndpoint: r.lexer.native.isEndpoint, report: r.opts.Report,
		metrics: map[metricKey]*native.Metric{}, domains: map[pcp.InDomID]*instanceDomain{},
		targets: map[placeKey][2]string{},
	}
}

// ContextLabels returns the names of the labels that belong to a host, if a page
// had "# PCP5" lines; otherwise nothing. Call it after the reading.
func (r *Reader) ContextLabels() []string {
	if len(r.lexer.native.byName) == 0 {
		return nil
	}
	return slices.Clone(contextLabels)
}

// Claims yields the metrics in the "# PCP5" lines.
func (n *Natives) Claims() iter.Seq[*meta.Desc] {
	n.lines.mu.RLock()
	defer n.lines.mu.RUnlock()
	all := make([]*meta.Desc, 0, len(n.lines.byPMID))
	for _, line := range n.lines.byPMID {
		all = append(all, &line.metric("").Desc)
	}
	return slices.Values(all)
}

// Places returns the one place for the values of a series, nothing if the series is
// not native.
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
		p.Combine = native.CombineLast // the same series with other labels
	}
	return []native.Place{p}
}

// domain finds or makes the state of an instance domain; nil for InDomNull.
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

// metric returns the metric of a line with the given labels, nil if the labels
// cannot be recorded.
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

// freeNames returns the names of a line's metric that no other metric has.
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

// metric makes the metric of a line.
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
