package catalogue

import (
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Select finds the series that all matchers accept in the archives between two times, both
// inclusive. A zero time means no limit. Select reads the metadata of archives that no earlier
// question needed. It returns the error of ctx soon after ctx has ended.
func (v *View) Select(ctx context.Context, from, to pcp.Timestamp, matchers ...*labels.Matcher) (*Selection, error) {
	q := history.Query{From: from, To: to}.Bounded()
	parts, needed, err := v.loaded(ctx, q.From, q.To)
	if err != nil {
		return nil, err
	}
	s := v.selection(parts, needed, matchers)
	v.t.mu.RLock()
	defer v.t.mu.RUnlock()
	for _, m := range matchers {
		s.index.match(m, s.series)
	}
	return s, nil
}

// selection returns the series of archives without regard to their labels. The matchers
// only limit the names of Selection.Unsure.
func (v *View) selection(parts, needed [][]archived, matchers []*labels.Matcher) *Selection {
	v.t.mu.Lock()
	defer v.t.mu.Unlock()
	s := &Selection{t: v.t, clashes: v.clashes(needed), series: newBitset(len(v.t.index.labels)), hosts: v.hosts, limited: len(matchers) > 0}
	s.index = v.t.indexFor(s.clashes)
	for i, h := range v.hosts {
		metrics := metricsOf(parts[i])
		s.metrics = append(s.metrics, metrics)
		s.add(h, metrics, matchers)
	}
	return s
}

// loaded loads the archives of each host that may hold data between two times, and returns
// them. If there are several hosts, needed contains also the last archive of each host.
func (v *View) loaded(ctx context.Context, from, to pcp.Timestamp) (parts, needed [][]archived, err error) {
	parts, needed = make([][]archived, len(v.hosts)), make([][]archived, len(v.hosts))
	for i := range v.hosts {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		parts[i] = v.within(i, from, to, ctx.Err)
		needed[i] = parts[i]
		if all := v.sets[i].Archives(); len(v.hosts) > 1 && len(all) > 0 {
			needed[i] = append(needed[i][:len(needed[i]):len(needed[i])], v.parts(i, all[len(all)-1:])...)
		}
	}
	return parts, needed, v.load(ctx, needed)
}

// metricsOf returns the metrics of archives. It includes each group once.
func metricsOf(parts []archived) (metrics []*Metric) {
	seen := map[*group]bool{}
	for _, p := range parts {
		for _, g := range p.part.groups {
			if !seen[g] {
				seen[g] = true
				metrics = append(metrics, g.metrics...)
			}
		}
	}
	return metrics
}

// add adds the series of a host's metrics.
func (s *Selection) add(h *host, metrics []*Metric, matchers []*labels.Matcher) {
	var names *promNames
	if h.rivals || len(h.further) > 0 {
		names = h.promNames(metrics)
	}
	for _, m := range metrics {
		if m.unknown {
			s.doubt(names, matchers, m.Sample)
		}
		if names == nil {
			s.series.add(m.series)
			continue
		}
		if m.Native && len(names.owners[m.Sample]) > 1 {
			s.doubt(names, matchers, m.Sample)
			continue
		}
		s.series.add(m.series)
		for _, a := range m.aliased {
			if names.allows(m.Sample, a) {
				s.series.add(a.series)
			}
		}
	}
}

// doubt adds a name to those whose series only values tell, unless matchers reject it.
func (s *Selection) doubt(names *promNames, matchers []*labels.Matcher, name string) {
	all := []string{name}
	if names != nil {
		for i := 2; i <= len(names.owners[name]); i++ {
			all = append(all, fmt.Sprintf("%s_%d", name, i))
		}
		for _, more := range names.further[name] {
			all = append(all, more.prom)
		}
	}
	for _, name := range all {
		if allowsName(matchers, name) && !slices.Contains(s.unsure, name) {
			s.unsure = append(s.unsure, name)
		}
	}
}

// allowsName reports whether matchers accept a name of samples.
func allowsName(matchers []*labels.Matcher, name string) bool {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && !m.Matches(name) {
			return false
		}
	}
	return true
}

// promNames holds the names that metrics of some archives have in Prometheus.
type promNames struct {
	owners  map[string][]string // PCP names of PCP's own metrics, by name in Prometheus
	further map[string][]furtherName
}

// promNames returns the names that metrics have in Prometheus.
func (h *host) promNames(metrics []*Metric) *promNames {
	n := &promNames{map[string][]string{}, map[string][]furtherName{}}
	for _, m := range metrics {
		if m.Sample == "" || !m.Native {
			continue
		}
		n.owners[m.Sample] = withText(n.owners[m.Sample], m.Desc.Name())
		for _, f := range h.further[m.Sample] {
			if slices.Contains(m.Desc.Names[1:], f.pcp) {
				n.further[m.Sample] = withName(n.further[m.Sample], f)
			}
		}
	}
	return n
}

// allows reports whether series with a name also appear under a further name. They do not if
// that name belongs to another metric.
func (n *promNames) allows(name string, a alias) bool {
	if !slices.Contains(n.further[name], furtherName{a.pcp, a.prom}) {
		return false
	}
	return !slices.ContainsFunc(n.owners[a.prom], func(owner string) bool { return owner != a.pcp })
}
