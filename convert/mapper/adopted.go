package mapper

import (
	"fmt"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
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
