package summary

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/pcp"
)

// lookUp returns the state of a metric. Each target has its own metrics. If archives
// describe a metric differently, each description is a metric of its own.
func (p *pass) lookUp(of *history.Metric) *metricState {
	d := of.Desc
	for m := p.metrics[d.PMID]; m != nil; m = m.other {
		if m.run.Target == of.Target && (m.desc == d || m.desc.Conflict(d) == "") {
			m.desc = d
			return m
		}
	}
	m := &metricState{desc: d, run: p.runs.Of(of.Target), units: d.Units, scale: 1, series: map[pcp.InstID]*seriesState{}, other: p.metrics[d.PMID]}
	if d.Sem == pcp.SemCounter {
		m.units, m.scale = interp.RateUnits(d.Units)
	}
	p.metrics[d.PMID] = m
	return m
}

// shared reports whether several targets have a metric.
func (p *pass) shared(m *metricState) bool {
	for other := p.metrics[m.desc.PMID]; other != nil; other = other.other {
		if other.run != m.run {
			return true
		}
	}
	return false
}
