package expo

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// contextLabels are those that PCP has of every host; they belong to an archive
// and not to its metrics.
var contextLabels = []string{"hostname", "domainname", "machineid", "userid", "groupid", "containername"}

// Natives are the series of pages that are PCP metrics, as their "# PCP5" lines
// say: the samples of a page that pmproxy, pcp2openmetrics or this package wrote
// get back name, number, type, semantics, units and instances. Labels of the
// host are left to the archive, "agent" is one of the domain, and others belong
// to the instance or, of a metric without, to the metric.
type Natives struct {
	lines   *pcpLines
	host    string
	metrics map[string]*convert.NativeMetric // by name
}

// Natives returns the native series of one archive, that of a host: series with
// another label hostname are none. If host is empty, all hosts' are.
func (r *Reader) Natives(host string) *Natives {
	return &Natives{lines: &r.lexer.native, host: host, metrics: map[string]*convert.NativeMetric{}}
}

// ContextLabels returns the names of labels that are those of a host: none unless
// a page had "# PCP5" lines. It is for after the reading.
func (r *Reader) ContextLabels() []string {
	if len(r.lexer.native.byName) == 0 {
		return nil
	}
	return slices.Clone(contextLabels)
}

// Places returns where the values of a series go.
func (n *Natives) Places(s *convert.PromSeries) []convert.Place {
	line := n.lines.of(s.Name)
	if line == nil || !line.typ.IsNumeric() || line.pmid.Domain() == convert.OpenMetricsDomain {
		return nil
	}
	place := convert.Place{ID: pcp.InstNull}
	var own, domain []labelset.Label
	named := false
	for _, l := range s.Labels {
		switch {
		case l.Name == "hostname" && n.host != "" && l.Value != n.host:
			return nil
		case slices.Contains(contextLabels, l.Name):
		case l.Name == "agent":
			domain = append(domain, labelset.String(l.Name, l.Value))
		case l.Name == "instname" && line.indom != pcp.InDomNull:
			place.Instance, named = l.Value, true
		case l.Name == "instid" && line.indom != pcp.InDomNull:
			if id, err := strconv.ParseInt(l.Value, 10, 32); err == nil && id >= 0 {
				place.ID = pcp.InstID(id)
			}
		case l.Name == "semantics" && l.Value == line.sem.String(), l.Name == "type" && pcpTypes[l.Value] == line.typ:
			// pcp2openmetrics -X
		default:
			own = append(own, labelset.String(l.Name, l.Value))
		}
	}
	if named != (line.indom != pcp.InDomNull) {
		return nil
	}
	level := labelset.Instances
	if !named {
		level = labelset.Item
	}
	set, err := labelset.New(level, own...)
	if err != nil {
		return nil
	}
	metric := n.metrics[line.name]
	if metric == nil {
		metric = line.metric(s.Family.Help)
		if metric.Labels[1], err = labelset.New(labelset.Domain, domain...); err != nil {
			return nil
		}
		if !named {
			metric.Labels[4] = set
		}
		n.metrics[line.name] = metric
	}
	place.Metric = metric
	if named {
		place.Labels = set
	}
	return []convert.Place{place}
}

// metric makes the metric that a line describes.
func (l *pcpLine) metric(help string) *convert.NativeMetric {
	m := &convert.NativeMetric{Desc: meta.Desc{
		PMID: l.pmid, Type: l.typ, InDom: l.indom, Sem: l.sem, Units: l.units, Names: []string{l.name},
	}}
	var more bool
	if m.OneLine, _, more = strings.Cut(help, "\n"); more {
		m.Help = help
	}
	return m
}
