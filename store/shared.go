package store

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Shared returns the metrics that archives of several exporters of the host describe, so
// that numbers and names alone do not tell their series apart. See [history.Target].
func (s *Set) Shared() map[pcp.PMID]bool {
	shared := map[pcp.PMID]bool{}
	exporters := map[history.Target]bool{}
	for r := range s.Readers() {
		exporters[r.Target()] = true
	}
	if len(exporters) < 2 {
		return shared
	}
	targets := map[pcp.PMID]history.Target{}
	for r := range s.Readers() {
		t := r.Target()
		for d := range r.Meta().Metrics() {
			if known, ok := targets[d.PMID]; ok && known != t {
				shared[d.PMID] = true
			}
			targets[d.PMID] = t
		}
	}
	return shared
}
