package convert

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// describe gives m its number, name and labels.
func (s *MappedSource) describe(m *mappedMetric) error {
	origin, err := originLabels(m.key.sample, m.family)
	if err != nil {
		return err
	}
	if s.nextItem%itemsPerSource == 0 {
		c, err := s.mapper.nextCluster()
		if err != nil {
			return err
		}
		s.nextItem = c * itemsPerSource
	}
	cluster, item := s.nextItem/itemsPerSource, s.nextItem%itemsPerSource
	d := &meta.Desc{
		PMID: pcp.NewPMID(OpenMetricsDomain, cluster, item), Type: pcp.TypeDouble, InDom: pcp.InDomNull,
		Sem: SemanticsOf(m.key.sample, m.family), Units: UnitsOf(m.key.sample, m.family),
		Names: []string{s.mapper.opts.Prefix + "." + s.target.Name + "." + s.freeLeaf(LeafName(m.key.sample))},
	}
	if !m.key.singular {
		d.InDom = pcp.NewInDomID(OpenMetricsDomain, 4096+cluster*itemsPerSource+item)
	}
	s.nextItem++ // past the last item a new cluster begins, see above
	m.metric = &archive.Metric{Name: d.Names[0], Desc: d}
	m.metric.Labels[0], m.metric.Labels[3], m.metric.Labels[4] = s.mapper.context, s.cluster, origin
	m.metric.OneLine, m.metric.Help = helpTexts(m.family.Help)
	return nil
}

// freeLeaf returns name or, if another metric has it or one is a component of
// the other, name with a number.
func (s *MappedSource) freeLeaf(name string) string {
	leaf := name
	for n := 2; s.taken[leaf] || s.taken[leaf+"."] || s.hasLeafAbove(leaf); n++ {
		leaf = fmt.Sprintf("%s_%d", name, n)
		if s.hasLeafAbove(leaf) { // a number at the end does not help there
			leaf = strings.ReplaceAll(leaf, ".", "_")
		}
	}
	s.taken[leaf] = true
	for i, c := range leaf {
		if c == '.' {
			s.taken[leaf[:i+1]] = true
		}
	}
	return leaf
}

func (s *MappedSource) hasLeafAbove(leaf string) bool {
	for i, c := range leaf {
		if c == '.' && s.taken[leaf[:i]] {
			return true
		}
	}
	return false
}

// Names of the item labels that keep what PCP has no place for.
const (
	labelFamily = "prom_name"
	labelType   = "prom_type"
	labelUnit   = "prom_unit"
	labelSuffix = "prom_suffix" // the sample's name is the family's with this after it
	labelSample = "prom_sample" // or this, where it does not begin with the family's
)

// originLabels returns the item labels that make the way back exact.
func originLabels(sample string, f Family) (labelset.Set, error) {
	labels := []labelset.Label{labelset.String(labelFamily, f.Name), labelset.String(labelType, f.Type)}
	if f.Unit != "" {
		labels = append(labels, labelset.String(labelUnit, f.Unit))
	}
	switch {
	case !strings.HasPrefix(sample, f.Name):
		labels = append(labels, labelset.String(labelSample, sample))
	case sample != f.Name:
		labels = append(labels, labelset.String(labelSuffix, Suffix(sample, f.Name)))
	}
	for i := range labels {
		labels[i].Flags = labelset.Optional
	}
	return labelset.New(labelset.Item, labels...)
}

// helpTexts splits a family's help: the first line, and the whole.
func helpTexts(help string) (oneLine, whole string) {
	oneLine, _, _ = strings.Cut(help, "\n")
	return oneLine, help
}

// Describe updates the help of the series' metric.
func (s *MappedSource) Describe(ser *MappedSeries, help string) {
	m := ser.metric
	if m.family.Help == help || help == "" {
		return
	}
	m.family.Help = strings.Clone(help)
	next := *m.metric
	next.OneLine, next.Help = helpTexts(m.family.Help)
	m.metric = &next
	for _, ser := range m.series {
		moved := *ser.series
		moved.Metric = m.metric
		ser.series = &moved
	}
}
