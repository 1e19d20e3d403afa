package query

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// candidates finds the metrics of a plan in the metadata of archives. Archives that share
// descriptors are looked at once, except for their instances.
type candidates struct {
	*plan
	sems map[metricKey]pcp.Semantics
	// pending are the metrics of archives without labels of metrics whose name is allowed,
	// until an archive has an allowed instance.
	pending map[*meta.Descriptions][]namedMetric
}

// namedMetric is a metric with its name in PromQL, unless labels give it another.
type namedMetric struct {
	desc *meta.Desc
	name string
}

// namedMetrics is the key of what namedMetricsOf derives.
type namedMetrics struct{}

// namedMetricsOf returns the metrics with their names. They are worked out once, however many
// archives share the Descriptions.
func namedMetricsOf(d *meta.Descriptions) []namedMetric {
	return d.Memo(namedMetrics{}, func(all []*meta.Desc) any {
		named := make([]namedMetric, len(all))
		for i, desc := range all {
			named[i] = namedMetric{desc, naming.PrometheusName(desc.Name())}
		}
		return named
	}).([]namedMetric)
}

// archive adds the metrics of an archive.
func (c *candidates) archive(store *meta.Store) {
	about, domains := store.Descriptions(), map[pcp.InDomID]bool{}
	if store.HasLabels(labelset.Item) {
		for _, m := range namedMetricsOf(about) {
			if m, native := renamed(store, m); m.desc.Type.IsNumeric() || naming.HoldsHistograms(store, m.desc) {
				c.labelled(store, m, native, domains)
			}
		}
		return
	}
	pending, known := c.pending[about]
	if !known {
		for _, m := range namedMetricsOf(about) {
			if m.desc.Type.IsNumeric() && c.native(m) {
				pending = append(pending, m)
			}
		}
	}
	c.pending[about] = slices.DeleteFunc(pending, func(m namedMetric) bool {
		has := c.hasInstance(store, m.desc.InDom, domains)
		if has {
			c.want(metricKeyOf(m.desc), m.desc.Sem)
		}
		return has
	})
}

// renamed returns a metric with the name that its labels give it, and reports whether that
// is the name of a metric of PCP's own.
func renamed(store *meta.Store, m namedMetric) (_ namedMetric, native bool) {
	if !naming.FromPrometheus(store, m.desc) {
		return m, true
	}
	own := m.name
	m.name = naming.SampleName(store, m.desc)
	return m, m.name == own
}

// labelled adds a metric of an archive with labels of metrics.
func (c *candidates) labelled(store *meta.Store, m namedMetric, native bool, domains map[pcp.InDomID]bool) {
	var allowed bool
	if native {
		allowed = c.native(m) && c.hasInstance(store, m.desc.InDom, domains)
	} else { // it came from Prometheus, where several metrics may share a name
		allowed = c.allows(m.name)
	}
	if allowed {
		c.want(metricKeyOf(m.desc), m.desc.Sem)
	}
}

// native adds a metric of PCP's own to those that may share a name, and reports whether the
// matchers allow one of its names.
func (c *candidates) native(m namedMetric) (allowed bool) {
	allowed = c.allows(m.name)
	if len(m.desc.Names) > 1 {
		allowed = c.alias(m.name, m.desc) || allowed
	}
	key := metricKeyOf(m.desc)
	c.sems[key] = m.desc.Sem
	if !slices.ContainsFunc(c.owners[m.name], func(o metricKey) bool { return o.name == key.name }) {
		c.owners[m.name] = append(c.owners[m.name], key)
	}
	return allowed
}

// settle adds the metrics that share a name in PromQL.
func (c *candidates) settle() {
	c.settleAliases(c.owners)
	for name, group := range c.owners {
		if len(group) > 1 && c.allowsOne(name, len(group)) {
			for _, m := range group {
				c.want(m, c.sems[m])
				c.rivals[m] = true
			}
		}
	}
}
