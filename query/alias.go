package query

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
)

// alias is a further name of a PCP metric that has several names.
type alias struct{ pcp, prom string }

// alias records the further names of a metric whose series have the given name, and reports
// whether the matchers allow one of them. They apply to all archives of the host.
func (p *plan) alias(name string, d *meta.Desc) (allowed bool) {
	for _, other := range d.Names[1:] {
		a := alias{other, naming.PrometheusName(other)}
		if a.prom == name || slices.Contains(p.further[name], a) {
			continue
		}
		p.further[name] = append(p.further[name], a)
		allowed = allowed || p.allows(a.prom)
	}
	return allowed
}

// settleAliases drops further names that belong to other metrics in PromQL, where x.y and
// x_y are the same name.
func (p *plan) settleAliases(owners map[string][]metricKey) {
	for name, all := range p.further {
		p.further[name] = slices.DeleteFunc(all, func(a alias) bool {
			return slices.ContainsFunc(owners[a.prom], func(m metricKey) bool { return m.name != a.pcp })
		})
	}
}

// aliased makes the series of p under the further names of its metric.
func (s *selection) aliased(p *prom.Series) {
	for _, a := range s.further[p.Name] {
		named := *p
		named.Name = a.prom
		if ser := s.match(&named); ser != nil {
			s.more[p.ID] = append(s.more[p.ID], ser)
		}
	}
}

// shared returns the series with the given labels if one was kept, and a function that keeps
// one. Archives of a host may list the names of a metric in different orders, so several
// metrics may share a series. Archives with columns and others share series, too.
func (s *selection) shared(ls labels.Labels) (known *packedSeries, keep func(*packedSeries)) {
	if s.columnar == nil && (len(s.further) == 0 || !s.isAlias(ls.Get(model.MetricNameLabel))) {
		return nil, func(*packedSeries) {}
	}
	key := string(ls.Bytes(nil))
	return s.byLabels[key], func(ser *packedSeries) { s.byLabels[key] = ser }
}

// isAlias reports whether a name is a further name of a metric.
func (s *selection) isAlias(name string) bool {
	for _, all := range s.further {
		if slices.ContainsFunc(all, func(a alias) bool { return a.prom == name }) {
			return true
		}
	}
	return false
}
