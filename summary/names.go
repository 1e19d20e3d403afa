package summary

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nameless reports whether the domain did not list the instance at the time.
func (s *state) nameless() bool {
	return s.metric.desc.InDom != pcp.InDomNull && s.series.Inst.Name == ""
}

// nameInstances gives a name to series whose instance the domain did not list at
// the time, if it ever did: old loggers wrote the values first.
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
