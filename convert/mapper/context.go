package mapper

import (
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

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
