package summary

import "github.com/pcparchive/pcparchive/history"

// naming gives metrics that have several names one Metric for each.
type naming struct {
	keep  func(name string) bool // nil keeps all
	known map[*history.Metric][]*history.Metric
}

// all returns a metric under each of its names that is kept.
func (n *naming) all(m *history.Metric) []*history.Metric {
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
