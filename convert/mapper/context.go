package mapper

import (
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// contextLabels returns the labels of the context of a host.
func contextLabels(host string, external []prom.Label) (labelset.Set, error) {
	labels := []labelset.Label{labelset.String("hostname", host)}
	for _, l := range external {
		labels = append(labels, labelset.String(naming.LabelName(l.Name), l.Value))
	}
	context, err := labelset.New(labelset.Context, labels...)
	if err != nil {
		return context, fmt.Errorf("external labels: %w", err)
	}
	return context, nil
}

// adoptContext merges the archive's context labels with the Mapper's, which win.
func (m *Mapper) adoptContext(s *meta.Store) error {
	l, _ := s.LabelsAt(labelset.Context, meta.ContextIdent, pcp.MaxTime)
	if l == nil {
		return nil
	}
	have, ok := l.Find(pcp.InstNull)
	if !ok {
		return nil
	}
	same := true
	for ours := range m.context.All() {
		theirs, ok := have.Lookup(ours.Name)
		same = same && ok && theirs.Value == ours.Value
	}
	if !same {
		var err error
		if have, err = labelset.New(labelset.Context, append(slices.Collect(have.All()), slices.Collect(m.context.All())...)...); err != nil {
			return fmt.Errorf("context labels: %w", err)
		}
	}
	m.SetContext(have, m.domain)
	return nil
}

// Context returns the labels of the context and of the domain
// [naming.OpenMetricsDomain] that new metrics of the Mapper get.
func (m *Mapper) Context() (context, domain labelset.Set) { return m.context, m.domain }

// SetContext sets the labels of the context and of the domain
// [naming.OpenMetricsDomain] that new metrics of the Mapper get.
func (m *Mapper) SetContext(context, domain labelset.Set) {
	m.context, m.domain = context, domain
	for _, metrics := range [][]*history.Metric{m.control.metrics, m.control.params} {
		for i, metric := range metrics {
			next := *metric
			next.Labels[labelset.AtContext], next.Labels[labelset.AtDomain] = context, domain
			metrics[i] = &next
		}
	}
}

// SetExternal replaces Options.External, also in the metrics of the Mapper's sources.
func (m *Mapper) SetExternal(external []prom.Label, sources []*Source) error {
	context, err := contextLabels(m.opts.Host, external)
	if err != nil {
		return err
	}
	m.SetContext(context, m.domain)
	for _, s := range sources {
		for _, metric := range s.metrics {
			metric.setContext(context)
		}
	}
	return nil
}

// setContext replaces the context labels of a metric.
func (m *metricState) setContext(context labelset.Set) {
	next := *m.metric
	next.Labels[labelset.AtContext] = context
	m.redescribe(&next)
	if m.exemplars != nil && m.exemplars.metric != nil {
		events := *m.exemplars.metric
		events.Labels[labelset.AtContext] = context
		m.exemplars.metric = &events
	}
}
