package mapper

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// known is what an archive has that a Mapper goes on with.
type adopted struct {
	names    map[string]*meta.Desc // every metric of the archive, by each of its names
	pmids    map[pcp.PMID]bool
	indoms   map[pcp.InDomID]bool
	byKey    map[adoptedKey]*adoptedMetric   // metrics that say what they are in Prometheus
	byName   map[string]*adoptedMetric       // those of the sources that do not
	families map[[2]string]prom.Family       // of a source and sample name, the newest
	nextItem map[string]uint32               // of a source, as MappedSource has it
	taken    map[string][]string             // leaf names of a source
	sources  map[Target]string               // by job and instance
	natives  map[pcp.InDomID][]meta.Instance // of domains that are no source's, oldest first
}

type adoptedKey struct {
	source string
	metricKey
}

// knownMetric is a metric of an archive with the numbers of its instances.
type adoptedMetric struct {
	desc   *meta.Desc
	origin bool // it says what it is in Prometheus
	unit   string
	ids    map[string]pcp.InstID // of instances that have no series yet
	next   int64                 // above every instance
}

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

// has reports whether the archive has a metric of that name.
func (k *adopted) has(name string) bool { return k != nil && k.names[name] != nil }

// firstItem returns where the numbers go on that a source gives to new metrics.
func (k *adopted) firstItem(source string) uint32 {
	if k == nil {
		return 0
	}
	return k.nextItem[source]
}

// leaves returns the names of a source's metrics.
func (k *adopted) leaves(source string) []string {
	if k == nil {
		return nil
	}
	return k.taken[source]
}

// family returns the family that a sample last belonged to.
func (k *adopted) family(source, sample string) (f prom.Family, ok bool) {
	if k != nil {
		f, ok = k.families[[2]string{source, sample}]
	}
	return f, ok
}

// uses reports whether the archive has given a number to something.
func (k *adopted) uses(id pcp.PMID, indom pcp.InDomID) bool {
	return k != nil && (k.pmids[id] || k.indoms[indom])
}

// find returns the archive's metric for a new one of a source, with the
// semantics and units that d has and the unit that the page declares, or nil.
func (k *adopted) find(source string, key metricKey, d *meta.Desc, unit string) *adoptedMetric {
	if k == nil {
		return nil
	}
	for _, of := range []string{unit, ""} {
		key.unit = of
		km := k.byKey[adoptedKey{source, key}]
		if km != nil && (unit == "" || unit == km.unit || km.unit == "" && km.desc.Units == d.Units) {
			delete(k.byKey, adoptedKey{source, key})
			return km
		}
	}
	name := d.Name()
	for n := 2; k.names[name] != nil; n++ {
		if km := k.byName[name]; km != nil && sameShape(km.desc, d) {
			delete(k.byName, name)
			return km
		}
		name = fmt.Sprintf("%s_%d", d.Name(), n)
	}
	return nil
}

// sameShape reports whether values of one metric can go on as the other's.
func sameShape(a, b *meta.Desc) bool {
	return a.Type == b.Type && a.Sem == b.Sem && a.Units == b.Units && (a.InDom == pcp.InDomNull) == (b.InDom == pcp.InDomNull)
}

// adoptContext takes over the context labels that the archive has.
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

// Context returns the labels of the context, and those of the domain
// [naming.OpenMetricsDomain], that metrics get which the Mapper makes from now on.
func (m *Mapper) Context() (context, domain labelset.Set) { return m.context, m.domain }

// Follow gives the metrics that the Mapper makes from now on these labels of the
// context and of the domain [naming.OpenMetricsDomain].
func (m *Mapper) SetContext(context, domain labelset.Set) {
	m.context, m.domain = context, domain
	for _, metrics := range [][]*history.Metric{m.control.metrics, m.control.params} {
		for i, metric := range metrics {
			next := *metric
			next.Labels[0], next.Labels[1] = context, domain
			metrics[i] = &next
		}
	}
}

// labelsAtEnd returns the labels of a level above the instances that hold at an
// archive's end.
func labelsAtEnd(s *meta.Store, level labelset.Level, d *meta.Desc) labelset.Set {
	if l, _ := s.LabelsAt(level, history.LabelIdent(level, d), pcp.MaxTime); l != nil {
		set, _ := l.Find(pcp.InstNull)
		return set
	}
	return labelset.Set{}
}

// instanceLabels returns, as labelKey does, the newest labels of every instance
// that ever had any. Optional ones are other programs' and identify nothing.
func instanceLabels(s *meta.Store) map[pcp.InDomID]map[pcp.InstID]string {
	all := map[pcp.InDomID]map[pcp.InstID]string{}
	for l := range s.AllLabels() { // of one domain ascending by time
		if l.Level != labelset.Instances {
			continue
		}
		id := pcp.InDomID(l.Ident)
		if all[id] == nil {
			all[id] = map[pcp.InstID]string{}
		}
		for _, in := range l.Sets {
			var own []prom.Label
			for label := range in.Set.All() {
				if label.Flags&labelset.Optional == 0 {
					own = append(own, prom.Label{Name: naming.OriginalLabel(label.Name), Value: label.Text()})
				}
			}
			slices.SortFunc(own, func(a, b prom.Label) int { return cmp.Compare(a.Name, b.Name) })
			all[id][in.Inst] = prom.LabelsKey(own)
		}
	}
	return all
}

// instanceIDs returns the numbers of a domain's instances by their labels, and
// the first number above all that it ever had.
func instanceIDs(s *meta.Store, id pcp.InDomID, labels map[pcp.InstID]string) (ids map[string]pcp.InstID, next int64) {
	ids = map[string]pcp.InstID{}
	for in := range s.InDomVersions(id) {
		for _, inst := range in.Instances {
			next = max(next, int64(inst.ID)+1)
			if key := labels[inst.ID]; key != "" && inst.ID >= ids[key] {
				ids[key] = inst.ID
			}
		}
	}
	return ids, next
}

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

// keepNatives notes the instances of domains that are not a Mapper's own.
func (k *adopted) keepNatives(s *meta.Store, id pcp.InDomID) {
	if id.Domain() == naming.OpenMetricsDomain {
		return
	}
	seen := map[meta.Instance]bool{}
	for in := range s.InDomVersions(id) {
		for _, inst := range in.Instances {
			if !seen[inst] {
				seen[inst] = true
				k.natives[id] = append(k.natives[id], inst)
			}
		}
	}
}
