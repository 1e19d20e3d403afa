package top

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// readCounters reads the counters.
func (r *reader) readCounters(ctx context.Context) error {
	q := history.Query{From: r.from.Add(-margin), To: r.to.Add(margin), PastNames: true, Stop: ctx.Err, Metrics: func(d *meta.Desc) bool {
		return slices.ContainsFunc(d.Names, func(name string) bool { m := r.metrics[name]; return m != nil && m.counter })
	}}
	for step, err := range r.set.Steps(q) {
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		if step.Mark {
			for _, m := range r.metrics {
				maps.DeleteFunc(m.series, func(id history.SeriesID, _ *counter) bool { return step.Ends(id.Target) })
			}
		}
		for i := range step.Metrics {
			for _, name := range step.Metrics[i].Metric.Desc.Names {
				if m := r.metrics[name]; m != nil && m.counter {
					m.add(step.Stamp, &step.Metrics[i], r.from, r.to)
				}
			}
		}
	}
	for _, m := range r.metrics {
		_, perSecond := interp.RateUnits(m.desc.Units)
		for id, v := range m.values {
			v.number /= m.seconds * perSecond
			m.values[id] = v
		}
	}
	return nil
}

// counter is the last value of an instance of a counter.
type counter struct {
	stamp pcp.Timestamp
	value history.Value
}

// add adds the values of a counter at a time: what it counted since the values before,
// as far as that lies between from and to.
func (m *metric) add(t pcp.Timestamp, mv *history.MetricValues, from, to pcp.Timestamp) {
	covered := 0.0
	for i := range mv.Points {
		p := &mv.Points[i]
		id := mv.Metric.SeriesID(p.Value.Inst)
		before := m.series[id]
		m.series[id] = &counter{t, p.Value}
		if before == nil || !t.After(before.stamp) {
			continue
		}
		begin, end := before.stamp, t
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		delta := interp.Delta(before.value, p.Value, m.desc.Type)
		if !end.After(begin) || math.IsNaN(delta) || delta < 0 {
			continue
		}
		seconds := end.Sub(begin).Seconds()
		covered = max(covered, seconds)
		v := m.values[p.Value.Inst]
		v.instance, v.series = cmp.Or(p.Series.Inst.Name, v.instance), p.Series // the last record may lack the name
		v.number += delta / t.Sub(before.stamp).Seconds() * seconds
		m.values[p.Value.Inst] = v
	}
	m.seconds += covered
}
