package flatten

import (
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ended finds the series that stop. An instance is gone if it left the instance
// domain. The reference's agents do not all shrink their domains, so it is also
// gone if the record before held it beside one that this record holds too: then
// both records are of one logging group, and this one lacks it. A record with
// other instances altogether is another group's. Our own recordings do shrink
// them, and may hold instances at times of their own.
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
		gone := ok && now != prom // the same instance under other labels
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

// end takes an instance from a metric.
func (f *Flattener) end(m *metricState, id pcp.InstID) {
	prom := m.live[id]
	delete(m.live, id)
	prom.live--
	f.ending = append(f.ending, prom)
}

// endAll takes every instance from a metric.
func (f *Flattener) endAll(m *metricState) {
	for id := range m.live {
		f.end(m, id)
	}
	m.prev, m.shape = m.prev[:0], nil
}
