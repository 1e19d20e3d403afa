package mapper

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// PrefixOf returns the first component of the metric names in an archive that a
// Mapper wrote. It returns "" for all other archives.
func PrefixOf(s *meta.Store) string {
	for _, cm := range controlMetrics {
		if cm.prom == "" {
			continue // PCP's own agent writes it, too
		}
		if d, ok := s.Desc(pcp.NewPMID(naming.OpenMetricsDomain, naming.ControlCluster, cm.item)); ok {
			if prefix, ok := strings.CutSuffix(d.Name(), ".control."+cm.name); ok {
				return prefix
			}
		}
	}
	return ""
}

// Adopt makes the Mapper continue the archive whose metadata is s. The Mapper
// must not have a source yet.
//
// Metrics and instances of the archive keep their numbers. The Mapper recognizes
// a metric by its identity labels, prom_name and its fellows. It recognizes a
// metric that another program recorded by its name, if type, semantics, units and
// having instances agree. It recognizes an instance by its labels. New metrics
// and instances never get a number that occurs anywhere in the archive.
//
// With [Numbers], the metrics and instances of sources have the numbers that those
// choose; the caller makes sure that the archive agrees with them.
//
// Context labels of the archive stay unless the Mapper's differ. The error wraps
// [pcp.ErrLimit] if there are too many labels, or [ErrNumbers].
func (m *Mapper) Adopt(s *meta.Store) error {
	if err := m.adoptContext(s); err != nil {
		return err
	}
	k := &adopted{
		names: map[string]*meta.Desc{}, pmids: map[pcp.PMID]bool{}, indoms: map[pcp.InDomID]bool{},
		byKey: map[adoptedKey]*adoptedMetric{}, byName: map[string]*adoptedMetric{}, families: map[[2]string]prom.Family{},
		nextItem: map[string]uint32{}, taken: map[string][]string{}, sources: map[[2]string]string{},
		natives: map[pcp.InDomID][]meta.Instance{},
	}
	m.adopted = k
	for id := range s.InDoms() {
		m.reserve(id)
		k.keepNatives(s, id)
	}
	labels := map[pcp.InDomID]map[pcp.InstID]string{}
	if m.opts.Numbers == nil {
		labels = instanceLabels(s)
	}
	for d := range s.Metrics() { // ascending by number
		k.pmids[d.PMID] = true
		m.reserve(d.InDom)
		if c := d.PMID.Cluster(); d.PMID.Domain() == naming.OpenMetricsDomain {
			m.lastCluster = max(m.lastCluster, c)
		}
		for _, name := range d.Names {
			k.names[name] = d
			rest, ok := strings.CutPrefix(name, m.opts.Prefix+".")
			source, leaf, _ := strings.Cut(rest, ".")
			if ok && leaf != "" && source != "control" && m.opts.Numbers == nil {
				m.adoptMetric(s, d, source, leaf, labels)
			}
		}
	}
	if err := m.control.adopt(k, s); err != nil {
		return err
	}
	if m.opts.Numbers != nil && len(k.natives) == 0 {
		m.adopted = nil // thousands of archives may be open
	}
	return nil
}

// reserve keeps the number of an instance domain from being given to another.
func (m *Mapper) reserve(id pcp.InDomID) {
	m.adopted.indoms[id] = true
	if n := id.Serial(); id.Domain() == naming.OpenMetricsDomain && n >= firstInDom+ItemsPerCluster {
		m.lastCluster = max(m.lastCluster, (n-firstInDom)/ItemsPerCluster)
	}
}

// adoptMetric notes a metric of a source. labels are those of all instances, see
// instanceLabels.
func (m *Mapper) adoptMetric(s *meta.Store, d *meta.Desc, source, leaf string, labels map[pcp.InDomID]map[pcp.InstID]string) {
	k := m.adopted
	k.taken[source] = append(k.taken[source], leaf)
	if d.PMID.Domain() == naming.OpenMetricsDomain && d.PMID.Cluster() > naming.ControlCluster {
		k.nextItem[source] = max(k.nextItem[source], d.PMID.Cluster()*ItemsPerCluster+d.PMID.Item()+1)
		cluster := labelsAtEnd(s, labelset.Cluster, d)
		if job, instance := cluster.Text("job"), cluster.Text("instance"); job != "" && instance != "" {
			k.sources[[2]string{job, instance}] = source
		}
	}
	km := &adoptedMetric{desc: d}
	if d.InDom != pcp.InDomNull {
		km.ids, km.next = instanceIDs(s, d.InDom, labels[d.InDom])
	}
	id, unit, ok := identityOf(s, d)
	if !ok {
		k.byName[m.opts.Prefix+"."+source+"."+leaf] = km
		return
	}
	km.origin, km.unit = true, unit
	k.families[[2]string{source, id.Sample}] = prom.Family{Name: id.Family, Type: id.Type, Unit: unit}
	key := adoptedKey{source, metricKey{sample: id.Sample, family: id.Family, typ: id.Type, singular: id.Singular, encoding: id.Encoding}}
	if k.byKey[key] != nil { // a metric with the same key and another unit
		key.unit = unit
	}
	fits := d.Type == typeOf(id.Encoding) || id.Encoding == "" && d.Type.IsNumeric()
	if fits && k.byKey[key] == nil {
		k.byKey[key] = km
	}
}

// identityOf returns for which samples a metric stands, and the unit that they
// declare. ok is false for a metric without identity labels.
func identityOf(s *meta.Store, d *meta.Desc) (id MetricID, unit string, ok bool) {
	item := labelsAtEnd(s, labelset.Item, d)
	family, ok := item.Lookup(naming.LabelFamily)
	if !ok {
		return MetricID{}, "", false
	}
	return MetricID{
		Sample: naming.SampleOf(family.Text(), item), Family: family.Text(), Type: item.Text(naming.LabelType),
		Encoding: item.Text(naming.LabelEncoding), Singular: d.InDom == pcp.InDomNull,
	}, item.Text(naming.LabelUnit), true
}

// typeOf returns the type of values in an encoding.
func typeOf(encoding string) pcp.Type {
	switch encoding {
	case naming.EncodingHistogram:
		return pcp.TypeAggregate
	case naming.EncodingExemplar:
		return pcp.TypeHighResEvent
	}
	return pcp.TypeDouble
}

// SourceOf returns the name of the source that the adopted archive has for a
// target. It returns "" if there is no such source.
func (m *Mapper) SourceOf(job, instance string) string {
	if m.adopted == nil {
		return ""
	}
	return m.adopted.sources[[2]string{job, instance}]
}

// Differs reports whether the adopted archive has a different metric under the
// name or the number of d.
func (m *Mapper) Differs(d *meta.Desc) bool {
	k := m.adopted
	if k == nil {
		return false
	}
	if have := k.names[d.Name()]; have != nil {
		return have.PMID != d.PMID || have.InDom != d.InDom || !sameShape(have, d)
	}
	return k.pmids[d.PMID]
}

// Instances returns all instances that the adopted archive ever had in an
// instance domain outside [naming.OpenMetricsDomain], oldest first.
func (m *Mapper) Instances(id pcp.InDomID) []meta.Instance {
	if m.adopted == nil {
		return nil
	}
	return m.adopted.natives[id]
}
