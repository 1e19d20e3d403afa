package flatten

import (
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// findEnded finds the instances that ended with this record.
//
// An instance ended if it left the instance domain. Some of PCP's agents never
// shrink their domains, so there is a second rule: an instance ended if this
// record lacks it and the previous record had it beside an instance that both
// have. The common instance shows that both records belong to one logging group.
// A record without a common instance belongs to another group.
//
// The second rule does not apply to our own recordings. They shrink their domains,
// and their records may have some of the instances only.
func (f *Flattener) findEnded(m *metricState, in *meta.InDom) {
	present := make(map[pcp.InstID]*liveSeries, len(m.now))
	for _, p := range m.now {
		if p.prom != nil {
			present[p.source.Inst.ID] = p.prom
		}
	}
	overlap := false
	before := make(map[pcp.InstID]bool, len(m.prev))
	for _, p := range m.prev {
		id := p.source.Inst.ID
		before[id] = true
		if _, ok := present[id]; ok {
			overlap = true
		}
	}
	for id, prom := range m.live {
		now, ok := present[id]
		gone := ok && now != prom // the instance has other labels now
		if !ok {
			left := false
			if in != nil && in != m.indom {
				_, member := in.Lookup(id)
				left = !member
			}
			gone = left || overlap && before[id] && !m.naming.origin
		}
		if gone {
			f.end(m, id)
		}
	}
	for id, prom := range present {
		if _, known := m.live[id]; !known {
			m.live[id] = prom
			prom.live++
		}
	}
}

// end ends an instance of a metric.
func (f *Flattener) end(m *metricState, id pcp.InstID) {
	prom := m.live[id]
	delete(m.live, id)
	prom.live--
	f.ending = append(f.ending, prom)
}

// endAll ends every instance of a metric.
func (f *Flattener) endAll(m *metricState) {
	for id := range m.live {
		f.end(m, id)
	}
	m.prev, m.shape = m.prev[:0], nil
}
