package query

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// familiesIn returns the families of the metrics that a View describes, sorted by name.
func familiesIn(ctx context.Context, described *catalogue.View) ([]prom.Family, error) {
	found, err := described.Select(ctx, pcp.Timestamp{}, pcp.Timestamp{})
	if err != nil {
		return nil, err
	}
	families := map[prom.Family]bool{}
	for m := range found.Descriptions() {
		if m.Sample == "" {
			continue
		}
		for _, f := range familiesOf(m) {
			families[f] = true
		}
	}
	return slices.SortedFunc(maps.Keys(families), func(a, b prom.Family) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Type, b.Type), strings.Compare(a.Help, b.Help), strings.Compare(a.Unit, b.Unit))
	}), nil
}

// familiesOf returns the families of a metric, one for each name of a PCP metric.
func familiesOf(m *catalogue.Metric) []prom.Family {
	f := m.Family
	f.Type = cmp.Or(f.Type, prom.TypeUnknown)
	all := []prom.Family{f}
	if m.Native {
		for _, f.Name = range furtherNames(&m.Desc) {
			all = append(all, f)
		}
	}
	return all
}

// promNames returns the names in PromQL of a metric's samples.
func promNames(store *meta.Store, d *meta.Desc) []string {
	return append([]string{naming.SampleName(store, d)}, furtherNames(d)...)
}

// furtherNames returns the names in PromQL that a metric has beside the first.
func furtherNames(d *meta.Desc) (names []string) {
	if len(d.Names) > 1 {
		for _, other := range d.Names[1:] {
			names = append(names, naming.PrometheusName(other))
		}
	}
	return names
}

// Families returns the families of the metrics of all archives, sorted by name. A name
// that metrics share has several. The first call reads the metadata of all archives. The error
// is that of ctx.
func (e *Engine) Families(ctx context.Context) ([]prom.Family, error) {
	return e.families.DoContext(ctx, func(ctx context.Context) ([]prom.Family, error) { return familiesIn(ctx, e.storage.described()) })
}
