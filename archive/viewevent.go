package archive

import (
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// maxParams is the greatest number of parameters per metric, to bound the cost
// of a damaged archive.
const maxParams = 1000

// params adds new parameters of event records to their metric. The metric and
// its series are immutable, so params replaces them.
func (v *view) params(m *metricState, values []history.Value, t pcp.Timestamp) {
	for i := range values {
		events, err := values[i].Events()
		if err != nil {
			continue // the consumer will report it
		}
		for j := range events {
			for _, p := range events[j].Params {
				if !hasParam(m.metric, p.PMID) {
					v.param(m, p.PMID, t)
				}
			}
		}
	}
}

// param adds a parameter if the archive describes it.
func (v *view) param(m *metricState, id pcp.PMID, t pcp.Timestamp) {
	d, ok := v.r.store.Desc(id)
	if !ok || len(m.metric.Params) >= maxParams {
		return
	}
	p := metricState{id: id, desc: d}
	v.refresh(&p, t)
	next := *m.metric
	next.Params = append(slices.Clone(next.Params), p.metric)
	m.metric, m.series, m.last = &next, map[pcp.InstID]*history.Series{}, m.last[:0]
}

func hasParam(m *history.Metric, id pcp.PMID) bool {
	return slices.ContainsFunc(m.Params, func(p *history.Metric) bool { return p.Desc.PMID == id })
}

// holdsEvents reports whether the values of a metric are event arrays.
func holdsEvents(d *meta.Desc) bool {
	return d.Type == pcp.TypeEvent || d.Type == pcp.TypeHighResEvent
}
