package summary

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nameless reports whether the instance has no name, because its domain did not list it at
// the time of the value.
func (s *seriesState) nameless() bool {
	return s.metric.desc.InDom != pcp.InDomNull && s.series.Inst.Name == ""
}

// nameInstances names nameless instances that their domain listed at another time. Old
// loggers wrote values before the instance domain.
func (p *pass) nameInstances(store *meta.Store) {
	domains := map[pcp.InDomID]map[pcp.InstID]meta.Instance{}
	for _, s := range p.order {
		if !s.nameless() {
			continue
		}
		id := s.metric.desc.InDom
		names, ok := domains[id]
		if !ok {
			names = map[pcp.InstID]meta.Instance{}
			for in := range store.InDomVersions(id) {
				for _, inst := range in.Instances {
					names[inst.ID] = inst
				}
			}
			domains[id] = names
		}
		if in, ok := names[s.inst]; ok {
			s.series = &history.Series{Metric: s.series.Metric, Inst: in, Labels: s.series.Labels}
		}
	}
}
