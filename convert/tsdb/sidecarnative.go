package tsdb

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// NewNatives returns the [convert.Natives] that makes series again the PCP
// metrics that they were made of: those with an Origin, as a Reader finds it in
// the sidecars of blocks. It is for one archive: where two hosts have metrics of
// the same number, the first one's are native there and the others' are counted
// in the report as renamed.
func NewNatives(r *convert.Report) convert.Natives {
	return &natives{report: r, metrics: map[pcp.PMID]*nativeOrigin{}}
}

type natives struct {
	report  *convert.Report
	metrics map[pcp.PMID]*nativeOrigin
}

type nativeOrigin struct {
	origin *archive.Metric
	// as its series had it, by the labels above the instance: these may have come
	// later than the metric's first values.
	natives map[string]*convert.NativeMetric
}

// native returns the metric with those of its labels that a series has.
func (o *nativeOrigin) native(s *convert.PromSeries) *convert.NativeMetric {
	has := make(map[string]string, len(s.Labels))
	for _, l := range s.Labels {
		has[l.Name] = l.Value
	}
	var labels [5]labelset.Set
	var key []byte
	for level, set := range o.origin.Labels {
		var kept []labelset.Label
		for l := range set.All() {
			if o.shown(s, level, l, has) {
				kept = append(kept, l)
				key = append(key, '1')
			} else {
				key = append(key, '0')
			}
		}
		labels[level] = set
		if len(kept) < set.Len() {
			// Some of what was a set is one, too.
			labels[level], _ = labelset.New(labelset.Levels[level], kept...)
		}
	}
	m, ok := o.natives[string(key)]
	if !ok {
		m = &convert.NativeMetric{Desc: *o.origin.Desc, OneLine: o.origin.OneLine, Help: o.origin.Help, Labels: labels}
		o.natives[string(key)] = m
	}
	return m
}

// shown reports whether a label of a level was in force for a series: it has it,
// or has that of a more specific level, or is not to have it.
func (o *nativeOrigin) shown(s *convert.PromSeries, level int, l labelset.Label, has map[string]string) bool {
	if l.Flags&labelset.Optional != 0 {
		return true
	}
	for _, set := range o.origin.Labels[level+1:] {
		if _, over := set.Lookup(l.Name); over {
			return true
		}
	}
	if _, over := s.Member.Labels.Lookup(l.Name); over {
		return true
	}
	v, ok := has[l.Name]
	if !ok {
		v, ok = has[plainName(l.Name)]
	}
	return ok && v == l.Text() || l.Text() == ""
}

// Places returns the instance of the metric that a series was made of.
func (n *natives) Places(s *convert.PromSeries) []convert.Place {
	if s.Origin == nil || s.Member == nil {
		return nil
	}
	id := s.Origin.Desc.PMID
	if id.Domain() == convert.OpenMetricsDomain && id.Cluster() != 0 {
		return nil // the archive gives out these numbers itself
	}
	if s.Origin.Desc.InDom == pcp.InDomNull && slices.ContainsFunc(s.Labels, func(l convert.Label) bool { return l.Name == "instid" }) {
		return nil // an old logger's instance without a domain
	}
	m, ok := n.metrics[id]
	if !ok {
		m = &nativeOrigin{s.Origin, map[string]*convert.NativeMetric{}}
		n.metrics[id] = m
	}
	if m.origin != s.Origin {
		n.report.Add(convert.LossRenamed, s.Origin.Name)
		return nil
	}
	// Where labels changed in between, one series ends when the next begins.
	p := convert.Place{Metric: m.native(s), ID: pcp.InstNull, Combine: convert.CombineLast}
	if s.Origin.Desc.InDom != pcp.InDomNull {
		p.Instance, p.ID, p.Labels = s.Member.Inst.Name, s.Member.Inst.ID, instanceLabels(s)
	}
	return []convert.Place{p}
}

// instanceLabels returns those of the instance's labels that a series has.
func instanceLabels(s *convert.PromSeries) labelset.Set {
	var kept []labelset.Label
	for l := range s.Member.Labels.All() {
		shown := l.Flags&labelset.Optional != 0 || l.Text() == ""
		for _, own := range s.Labels {
			shown = shown || own.Value == l.Text() && (own.Name == l.Name || own.Name == plainName(l.Name))
		}
		if shown {
			kept = append(kept, l)
		}
	}
	if len(kept) == s.Member.Labels.Len() {
		return s.Member.Labels
	}
	set, _ := labelset.New(labelset.Instances, kept...) // some of what was a set is one, too
	return set
}

// plainName is a label's name as a series has it.
func plainName(name string) string {
	return strings.ReplaceAll(convert.PrometheusName(name), ":", "_")
}

// parseInst reads the value of the label instid.
func parseInst(text string) (pcp.InstID, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	return pcp.InstID(n), err
}
