package summary

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/pcp"
)

// run holds the times of the marks of a target so far. A series stores the number of marks
// before its last value, so a mark need not visit every series.
type run struct {
	target history.Target
	marks  []pcp.Timestamp
}

// lookUp returns the state of a metric. Each target has its own metrics. If archives
// describe a metric differently, each description is a metric of its own.
func (p *pass) lookUp(of *history.Metric) *metricState {
	d := of.Desc
	for m := p.metrics[d.PMID]; m != nil; m = m.other {
		if m.run.target == of.Target && (m.desc == d || m.desc.Conflict(d) == "") {
			m.desc = d
			return m
		}
	}
	r := p.runs[of.Target]
	if r == nil {
		r = &run{target: of.Target}
		p.runs[of.Target] = r
	}
	m := &metricState{desc: d, run: r, units: d.Units, scale: 1, series: map[pcp.InstID]*seriesState{}, other: p.metrics[d.PMID]}
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
