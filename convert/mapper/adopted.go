package mapper

import (
	"fmt"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// adopted holds the metrics and instances of the archive that a Mapper continues. It is nil
// for a new archive; all methods accept a nil *adopted.
type adopted struct {
	names    map[string]*meta.Desc           // every metric of the archive, by each of its names
	pmids    map[pcp.PMID]bool               // the metric numbers in use
	indoms   map[pcp.InDomID]bool            // the instance domain numbers in use
	byKey    map[adoptedKey]*adoptedMetric   // metrics with identity labels
	byName   map[string]*adoptedMetric       // metrics of sources without identity labels
	families map[[2]string]prom.Family       // newest family by source and sample name
	nextItem map[string]uint32               // by source, see Source.nextItem
	taken    map[string][]string             // leaf names by source
	sources  map[[2]string]string            // source names by job and instance
	natives  map[pcp.InDomID][]meta.Instance // instances of PCP's own metrics by domain, oldest first
}

// adoptedKey identifies a metric of a source by its identity labels.
type adoptedKey struct {
	source string
	metricKey
}

// adoptedMetric is a metric of the archive with the numbers of its instances.
type adoptedMetric struct {
	desc   *meta.Desc
	origin bool                  // whether the metric has identity labels
	unit   string                // the unit in its identity labels
	ids    map[string]pcp.InstID // numbers of instances without a series yet, by labels
	next   int64                 // one more than the highest number of an instance
}

// has reports whether the archive has a metric of the given name.
func (k *adopted) has(name string) bool { return k != nil && k.names[name] != nil }

// firstItem returns the first number that a source may give to a new metric.
func (k *adopted) firstItem(source string) uint32 {
	if k == nil {
		return 0
	}
	return k.nextItem[source]
}

// leaves returns the leaf names of a source's metrics.
func (k *adopted) leaves(source string) []string {
	if k == nil {
		return nil
	}
	return k.taken[source]
}

// family returns the newest family to which samples with a name belong.
func (k *adopted) family(source, sample string) (f prom.Family, ok bool) {
	if k != nil {
		f, ok = k.families[[2]string{source, sample}]
	}
	return f, ok
}

// uses reports whether the archive uses the number of a metric or of an instance
// domain.
func (k *adopted) uses(id pcp.PMID, indom pcp.InDomID) bool {
	return k != nil && (k.pmids[id] || k.indoms[indom])
}

// find returns the archive's metric that a new metric of a source continues. It returns nil
// if there is no such metric, or if an earlier call returned it. d has the new metric's name,
// type, semantics and units; unit is the unit that the page declares. If exact is set,
// semantics and units must be equal.
func (k *adopted) find(source string, key metricKey, d *meta.Desc, unit string, exact bool) *adoptedMetric {
	if k == nil {
		return nil
	}
	for _, keyUnit := range []string{unit, ""} {
		key.unit = keyUnit
		km := k.byKey[adoptedKey{source, key}]
		if km != nil && km.desc.Type == d.Type && (!exact || sameShape(km.desc, d)) && (unit == "" || unit == km.unit || km.unit == "" && km.desc.Units == d.Units) {
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

// sameShape reports whether one metric can hold the values of both: types, semantics and
// units are equal, and both have instances or neither has.
func sameShape(a, b *meta.Desc) bool {
	return a.Type == b.Type && a.Sem == b.Sem && a.Units == b.Units && (a.InDom == pcp.InDomNull) == (b.InDom == pcp.InDomNull)
}

// keepNatives adds the instances of a domain to natives, unless a Mapper numbered the
// domain.
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
