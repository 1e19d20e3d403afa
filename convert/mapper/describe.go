package mapper

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// longestName is the longest metric name, in bytes, that a Source makes. Archives
// hold 4095 bytes; the rest is room for "exemplar." and a number at the end.
const longestName = 4000

// describe gives a new metric its number, name and labels. It takes them from the
// adopted archive if that has the metric.
func (s *Source) describe(m *metricState) error {
	prefix, leaf := s.mapper.opts.Prefix+"."+s.target.Name+".", naming.LeafName(m.key.sample)
	if len(prefix)+len(leaf) > longestName {
		return fmt.Errorf("a metric name of %d bytes: %w", len(prefix)+len(leaf), pcp.ErrLimit)
	}
	d := &meta.Desc{
		Type: pcp.TypeDouble, InDom: pcp.InDomNull, Names: []string{prefix + leaf},
		Sem: naming.SemanticsOf(m.key.sample, m.family), Units: naming.UnitsOf(m.key.sample, m.family),
	}
	if !m.key.singular {
		d.InDom = 0 // any domain, for find; number sets the real one
	}
	if m.key.encoding == naming.EncodingHistogram {
		d.Type, d.Sem, d.Units = pcp.TypeAggregate, pcp.SemInstant, pcp.Units{}
	}
	known := s.mapper.adopted.find(s.target.Name, m.key, d, m.family.Unit)
	if known != nil {
		d = known.desc
		m.ids, m.nextID = known.ids, known.next
		if known.origin {
			m.family.Unit = known.unit
		}
	}
	origin, err := naming.IdentityLabels(m.key.sample, m.family, m.key.encoding)
	if err != nil {
		return err
	}
	if known == nil {
		if err := s.place(m.key, d, leaf); err != nil {
			return err
		}
	}
	m.metric = &history.Metric{Name: d.Names[0], Desc: d}
	m.metric.Labels = [labelset.MetricLevels]labelset.Set{s.mapper.context, s.mapper.domain, {}, s.cluster, origin}
	m.metric.OneLine, m.metric.Help = helpTexts(m.family.Help)
	return nil
}

// place gives a new metric its number and its name.
func (s *Source) place(key metricKey, d *meta.Desc, leaf string) error {
	if s.mapper.opts.Numbers != nil {
		return s.numbered(key, d, leaf)
	}
	if err := s.number(d); err != nil {
		return err
	}
	d.Names[0] = s.mapper.opts.Prefix + "." + s.target.Name + "." + s.freeLeaf(leaf)
	return nil
}

// number gives a new metric its PMID and, unless it is singular, its instance
// domain.
func (s *Source) number(d *meta.Desc) error {
	for {
		if s.nextItem%itemsPerSource == 0 { // the first, or past the last of a cluster
			c, err := s.mapper.nextCluster()
			if err != nil {
				return err
			}
			s.nextItem = c * itemsPerSource
		}
		d.PMID = pcp.NewPMID(naming.OpenMetricsDomain, s.nextItem/itemsPerSource, s.nextItem%itemsPerSource)
		indom := pcp.NewInDomID(naming.OpenMetricsDomain, firstInDom+s.nextItem)
		s.nextItem++
		if s.mapper.adopted.uses(d.PMID, indom) {
			continue
		}
		if d.InDom != pcp.InDomNull {
			d.InDom = indom
		}
		return nil
	}
}

// freeLeaf returns name if it is free, else name with a number at the end. A name
// is not free if another metric has it, or if one of the two would be a component
// of the other.
func (s *Source) freeLeaf(name string) string {
	leaf := name
	for n := 2; s.taken[leaf] || s.taken[leaf+"."] || s.hasLeafAbove(leaf); n++ {
		leaf = fmt.Sprintf("%s_%d", name, n)
		if s.hasLeafAbove(leaf) { // a number at the end cannot resolve this clash
			leaf = strings.ReplaceAll(leaf, ".", "_")
		}
	}
	s.take(leaf)
	return leaf
}

// take marks a leaf name and its ancestors as used.
func (s *Source) take(leaf string) {
	s.taken[leaf] = true
	for i, c := range leaf {
		if c == '.' {
			s.taken[leaf[:i+1]] = true
		}
	}
}

// hasLeafAbove reports whether an ancestor of a leaf name is itself a metric.
func (s *Source) hasLeafAbove(leaf string) bool {
	for i, c := range leaf {
		if c == '.' && s.taken[leaf[:i]] {
			return true
		}
	}
	return false
}

// helpTexts returns the two texts of a metric: the first line of its family's
// help, and the whole.
func helpTexts(help string) (oneLine, whole string) {
	oneLine, _, _ = strings.Cut(help, "\n")
	return oneLine, help
}

// Describe sets the help of the series' metric, unless help is empty.
func (s *Source) Describe(ser *Series, help string) {
	m := ser.metric
	if m.family.Help == help || help == "" {
		return
	}
	m.family.Help = strings.Clone(help)
	next := *m.metric
	next.OneLine, next.Help = helpTexts(m.family.Help)
	next.Labels[labelset.AtContext], next.Labels[labelset.AtDomain] = s.mapper.context, s.mapper.domain
	m.redescribe(&next)
}

// otherUnit reports whether f declares a unit that the metric's values do not
// have. If the page did not declare a unit before, f may name the one that the
// metric has anyway.
func (m *metricState) otherUnit(f prom.Family) bool {
	if f.Unit == "" || f.Unit == m.family.Unit {
		return false
	}
	return m.family.Unit != "" || m.key.encoding == "" && naming.UnitsOf(m.key.sample, f) != m.metric.Desc.Units
}

// declareUnit adds a unit to the description of a metric that had none.
func (m *metricState) declareUnit(unit string) error {
	if unit == "" || unit == m.family.Unit {
		return nil
	}
	f := m.family
	f.Unit = strings.Clone(unit)
	origin, err := naming.IdentityLabels(m.key.sample, f, m.key.encoding)
	if err != nil {
		return err
	}
	m.family = f
	next := *m.metric
	next.Labels[labelset.AtItem] = origin
	m.redescribe(&next)
	return nil
}

// redescribe gives the metric and its series another description.
func (m *metricState) redescribe(next *history.Metric) {
	m.metric = next
	for _, ser := range m.series {
		moved := *ser.series
		moved.Metric = m.metric
		ser.series = &moved
	}
}
