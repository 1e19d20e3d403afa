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
	prefix, leaf := s.mapper.opts.Prefix+"."+s.target.Name+".", s.leafOf(m.key.sample)
	if len(prefix)+len(leaf) > longestName {
		return fmt.Errorf("a metric name of %d bytes: %w", len(prefix)+len(leaf), pcp.ErrLimit)
	}
	d := s.descOf(m)
	d.Names = []string{prefix + leaf}
	if s.numbers != nil {
		return s.describeNumbered(m, d)
	}
	known := s.mapper.adopted.find(s.target.Name, m.key, d, m.family.Unit, s.target.Options.Describe != nil)
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
		d.Names[0] = prefix + s.taken.Take(leaf)
	}
	m.metric = s.metricOf(d, origin, m.family.Help)
	return nil
}

// leafOf returns the last components of the name of a metric.
func (s *Source) leafOf(sample string) string {
	if leaf := s.target.Options.Leaf; leaf != nil {
		if name := leaf(sample); name != "" {
			return strings.Clone(name)
		}
	}
	return naming.LeafName(sample)
}

// descOf returns the descriptor of a metric without its number and names. Its domain is
// InDomNull, or 0 for one of its own.
func (s *Source) descOf(m *metricState) *meta.Desc {
	d := &meta.Desc{
		Type: pcp.TypeDouble, InDom: pcp.InDomNull,
		Sem: naming.SemanticsOf(m.key.sample, m.family), Units: naming.UnitsOf(m.key.sample, m.family),
	}
	if !m.key.singular {
		d.InDom = 0
	}
	if m.key.encoding == naming.EncodingHistogram {
		d.Type, d.Sem, d.Units = pcp.TypeAggregate, pcp.SemInstant, pcp.Units{}
	} else if change := s.target.Options.Describe; change != nil {
		change(m.key.sample, d)
	}
	return d
}

// describesOtherwise reports whether the options give a metric another descriptor than it
// has, because they changed.
func (s *Source) describesOtherwise(m *metricState) bool {
	return s.target.Options.Describe != nil && !sameShape(s.descOf(m), m.metric.Desc)
}

// retire ends a metric in the next step. The next series of its samples belong to another
// one.
func (s *Source) retire(m *metricState) {
	delete(s.metrics, m.key)
	s.retired = append(s.retired, m)
}

// describeNumbered is describe for a metric whose name and number the Mapper's
// Numbers choose.
func (s *Source) describeNumbered(m *metricState, want *meta.Desc) error {
	origin, err := naming.IdentityLabels(m.key.sample, m.family, m.key.encoding)
	if err != nil {
		return err
	}
	if m.numbers, err = s.numbered(m.key, want, m.family.Unit); err != nil {
		return err
	}
	if unit := m.numbers.Unit(); unit != m.family.Unit {
		m.family.Unit = unit
		origin, _ = naming.IdentityLabels(m.key.sample, m.family, m.key.encoding) // it fitted when the metric got its number
	}
	m.metric = s.metricOf(m.numbers.Desc(), origin, m.family.Help)
	return nil
}

// metricOf returns a metric of the source with its labels and help.
func (s *Source) metricOf(d *meta.Desc, origin labelset.Set, help string) *history.Metric {
	m := &history.Metric{Name: d.Names[0], Desc: d}
	m.Labels = [labelset.MetricLevels]labelset.Set{s.mapper.context, s.mapper.domain, {}, s.cluster, origin}
	m.OneLine, m.Help = helpTexts(help)
	return m
}

// number gives a new metric its PMID and, unless it is singular, its instance
// domain.
func (s *Source) number(d *meta.Desc) error {
	for {
		if s.nextItem%ItemsPerCluster == 0 { // the first, or past the last of a cluster
			c, err := s.mapper.nextCluster()
			if err != nil {
				return err
			}
			s.nextItem = c * ItemsPerCluster
		}
		var indom pcp.InDomID
		d.PMID, indom = NumbersAt(s.nextItem)
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
	for ser := range m.series.All() {
		moved := *ser.series
		moved.Metric = m.metric
		ser.series = &moved
	}
}
