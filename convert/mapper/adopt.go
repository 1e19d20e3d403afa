package mapper

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// PrefixOf returns the first component of the names in an archive that a Mapper
// wrote; "" if none did.
func PrefixOf(s *meta.Store) string {
	for _, cm := range controlMetrics {
		if cm.prom == "" {
			continue // the reference agent's
		}
		if d, ok := s.Desc(pcp.NewPMID(naming.OpenMetricsDomain, naming.ControlCluster, cm.item)); ok {
			if prefix, ok := strings.CutSuffix(d.Name(), ".control."+cm.name); ok {
				return prefix
			}
		}
	}
	return ""
}

// Adopt has the Mapper, which must have no source yet, go on with an archive of
// which s is the metadata: what the archive has keeps its number. A metric is
// known by its labels prom_name and so on or, where another program recorded it,
// by its name, if type, semantics, units and whether it has instances are the
// same; an instance by its labels. Numbers that occur anywhere in the archive
// are not given to anything else. Context labels that the archive has stay unless
// the Mapper's say otherwise. The error wraps [pcp.ErrLimit] if they are too many,
// or [ErrNumbers].
func (m *Mapper) Adopt(s *meta.Store) error {
	if err := m.adoptContext(s); err != nil {
		return err
	}
	k := &adopted{
		names: map[string]*meta.Desc{}, pmids: map[pcp.PMID]bool{}, indoms: map[pcp.InDomID]bool{},
		byKey: map[adoptedKey]*adoptedMetric{}, byName: map[string]*adoptedMetric{}, families: map[[2]string]prom.Family{},
		nextItem: map[string]uint32{}, taken: map[string][]string{}, sources: map[Target]string{},
		natives: map[pcp.InDomID][]meta.Instance{},
	}
	m.adopted = k
	for id := range s.InDoms() {
		m.reserve(id)
		k.keepNatives(s, id)
	}
	labels := instanceLabels(s)
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
			if ok && leaf != "" && source != "control" {
				m.adoptMetric(s, d, source, leaf, labels)
			}
		}
	}
	return m.control.adopt(k, s)
}

// reserve keeps the number of an instance domain from being given away.
func (m *Mapper) reserve(id pcp.InDomID) {
	m.adopted.indoms[id] = true
	if n := id.Serial(); id.Domain() == naming.OpenMetricsDomain && n >= firstInDom+itemsPerSource {
		m.lastCluster = max(m.lastCluster, (n-firstInDom)/itemsPerSource)
	}
}

// adopt makes a metric of a source known.
func (m *Mapper) adoptMetric(s *meta.Store, d *meta.Desc, source, leaf string, labels map[pcp.InDomID]map[pcp.InstID]string) {
	k := m.adopted
	k.taken[source] = append(k.taken[source], leaf)
	if d.PMID.Domain() == naming.OpenMetricsDomain && d.PMID.Cluster() > naming.ControlCluster {
		k.nextItem[source] = max(k.nextItem[source], d.PMID.Cluster()*itemsPerSource+d.PMID.Item()+1)
		cluster := labelsAtEnd(s, labelset.Cluster, d)
		if job, instance := cluster.Text("job"), cluster.Text("instance"); job != "" && instance != "" {
			k.sources[Target{Job: job, Instance: instance}] = source
		}
	}
	km := &adoptedMetric{desc: d}
	if d.InDom != pcp.InDomNull {
		km.ids, km.next = instanceIDs(s, d.InDom, labels[d.InDom])
	}
	item := labelsAtEnd(s, labelset.Item, d)
	family, ok := item.Lookup(naming.LabelFamily)
	if !ok {
		k.byName[m.opts.Prefix+"."+source+"."+leaf] = km
		return
	}
	sample := naming.SampleOf(family.Text(), item)
	f := prom.Family{Name: family.Text(), Type: item.Text(naming.LabelType), Unit: item.Text(naming.LabelUnit)}
	km.origin, km.unit = true, f.Unit
	k.families[[2]string{source, sample}] = f
	encoding := item.Text(naming.LabelEncoding)
	want := pcp.TypeDouble
	switch encoding {
	case naming.EncodingHistogram:
		want = pcp.TypeAggregate
	case naming.EncodingExemplar:
		want = pcp.TypeHighResEvent
	}
	key := adoptedKey{source, metricKey{sample: sample, family: f.Name, typ: f.Type, singular: d.InDom == pcp.InDomNull, encoding: encoding}}
	if k.byKey[key] != nil { // of another unit
		key.unit = f.Unit
	}
	if d.Type == want && k.byKey[key] == nil {
		k.byKey[key] = km
	}
}

// A Mapper of a new archive knows nothing: the following take a nil *known.

// SourceOf returns the name that the archive has for a target; "" if it has none.
func (m *Mapper) SourceOf(job, instance string) string {
	if m.adopted == nil {
		return ""
	}
	return m.adopted.sources[Target{Job: job, Instance: instance}]
}

// Differs reports whether the archive that the Mapper goes on with has something
// else under the name or the number of d.
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

// Instances returns the instances that the archive which the Mapper goes on with
// has had in a domain that is not the Mapper's own, oldest first.
func (m *Mapper) Instances(id pcp.InDomID) []meta.Instance {
	if m.adopted == nil {
		return nil
	}
	return m.adopted.natives[id]
}
