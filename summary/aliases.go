package summary

import "github.com/pcparchive/pcparchive/history"

// metricNames returns one Metric for each name of a metric.
type metricNames struct {
	keep  func(name string) bool // selects names; nil means all
	known map[*history.Metric][]*history.Metric
}

// all returns the metric under each selected name. A metric with one name is always
// selected.
func (n *metricNames) all(m *history.Metric) []*history.Metric {
	if len(m.Desc.Names) < 2 {
		return []*history.Metric{m}
	}
	all, ok := n.known[m]
	if !ok {
		for _, name := range m.Desc.Names {
			if n.keep != nil && !n.keep(name) {
				continue
			}
			named := m
			if name != m.Name {
				other := *m
				other.Name = name
				named = &other
			}
			all = append(all, named)
		}
		n.known[m] = all
	}
	return all
}
