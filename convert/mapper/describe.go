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

// longestName leaves room in a metric name, of which archives hold 4095 bytes, for
// what makes it one of its own or that of its exemplars.
const longestName = 4000

// describe gives m its number, name and labels: those that the archive has for
// it, or new ones.
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
		d.InDom = 0 // any
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
		if err := s.number(d); err != nil {
			return err
		}
		d.Names[0] = prefix + s.freeLeaf(leaf)
	}
	m.metric = &history.Metric{Name: d.Names[0], Desc: d}
	m.metric.Labels = [5]labelset.Set{s.mapper.context, s.mapper.domain, {}, s.cluster, origin}
	m.metric.OneLine, m.metric.Help = helpTexts(m.family.Help)
	return nil
}

// number gives a new metric its number, and its instance domain if it has one.
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

// freeLeaf returns name or, if another metric has it or one is a component of
// the other, name with a number.
func (s *Source) freeLeaf(name string) string {
	leaf := name
	for n := 2; s.taken[leaf] || s.taken[leaf+"."] || s.hasLeafAbove(leaf); n++ {
		leaf = fmt.Sprintf("%s_%d", name, n)
		if s.hasLeafAbove(leaf) { // a number at the end does not help there
			leaf = strings.ReplaceAll(leaf, ".", "_")
		}
	}
	s.take(leaf)
	return leaf
}

// take keeps a leaf name and those of its ancestors from being used again.
func (s *Source) take(leaf string) {
	s.taken[leaf] = true
	for i, c := range leaf {
		if c == '.' {
			s.taken[leaf[:i+1]] = true
		}
	}
}

func (s *Source) hasLeafAbove(leaf string) bool {
	for i, c := range leaf {
		if c == '.' && s.taken[leaf[:i]] {
			return true
		}
	}
	return false
}

// helpTexts splits a family's help: the first line, and the whole.
func helpTexts(help string) (oneLine, whole string) {
	oneLine, _, _ = strings.Cut(help, "\n")
	return oneLine, help
}

// Describe updates the help of the series' metric.
func (s *Source) Describe(ser *Series, help string) {
	m := ser.metric
	if m.family.Help == help || help == "" {
		return
	}
	m.family.Help = strings.Clone(help)
	next := *m.metric
	next.OneLine, next.Help = helpTexts(m.family.Help)
	next.Labels[0], next.Labels[1] = s.mapper.context, s.mapper.domain
	m.redescribe(&next)
}

// otherUnit reports whether f declares a unit that the metric's values do not have.
// A unit that the page did not declare before may be the metric's, too.
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
	next.Labels[4] = origin
	m.redescribe(&next)
	return nil
}

// become gives the metric and its series another description.
func (m *metricState) redescribe(next *history.Metric) {
	m.metric = next
	for _, ser := range m.series {
		moved := *ser.series
		moved.Metric = m.metric
		ser.series = &moved
	}
}
