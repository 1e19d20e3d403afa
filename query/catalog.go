package query

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// catalog has the metrics of all archives by their names in PromQL.
type catalog struct {
	families []prom.Family
}

// catalogOf returns a function that makes the catalog when it is first called.
func catalogOf(sets []*store.Set) func() *catalog {
	return sync.OnceValue(func() *catalog {
		c := &catalog{}
		families := map[prom.Family]bool{}
		if len(sets) == 0 {
			return c
		}
		for r := range store.NewHosts(sets...).Readers() {
			for d := range r.Meta().Metrics() {
				if !d.Type.IsNumeric() && !naming.HoldsHistograms(r.Meta(), d) {
					continue
				}
				for _, f := range familiesOf(r.Meta(), d) {
					families[f] = true
				}
			}
		}
		for f := range families {
			c.families = append(c.families, f)
		}
		slices.SortFunc(c.families, func(a, b prom.Family) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Type, b.Type), strings.Compare(a.Help, b.Help), strings.Compare(a.Unit, b.Unit))
		})
		return c
	})
}

// promNames returns the names in PromQL of a metric's samples.
func promNames(store *meta.Store, d *meta.Desc) []string {
	names := []string{naming.SampleName(store, d)}
	if len(d.Names) > 1 {
		for _, other := range d.Names[1:] {
			names = append(names, naming.PrometheusName(other))
		}
	}
	return names
}

// familiesOf returns the families of a metric, one for each name of a PCP metric.
func familiesOf(store *meta.Store, d *meta.Desc) (all []prom.Family) {
	if naming.FromPrometheus(store, d) {
		l, _ := store.LabelsAt(labelset.Item, uint32(d.PMID), pcp.MaxTime)
		item, _ := l.Find(pcp.InstNull)
		return []prom.Family{{
			Name: item.Text(naming.LabelFamily), Type: cmp.Or(item.Text(naming.LabelType), prom.TypeUnknown),
			Unit: item.Text(naming.LabelUnit), Help: store.Help(d.PMID),
		}}
	}
	_, _, unit, _ := naming.NamesPCP.Metric(d.Name(), d)
	f := prom.Family{Type: prom.TypeGauge, Unit: unit, Help: store.Help(d.PMID)}
	if d.Sem == pcp.SemCounter {
		f.Type = prom.TypeCounter
	}
	for _, name := range promNames(store, d) {
		f.Name = name
		all = append(all, f)
	}
	return all
}

// Families returns the families of the metrics of all archives, sorted by name. A name
// that metrics share has several. The first call reads the metadata of all archives.
func (e *Engine) Families() []prom.Family { return e.catalog().families }
