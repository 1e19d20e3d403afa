package instant

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Values are the values of metrics of a Subject at one instant. They do not change, and
// several goroutines may use them.
type Values struct {
	// Stamp is the time of the last record at or before the instant, whichever metrics it
	// holds. It is zero if there is none.
	Stamp pcp.Timestamp
	// Metrics are the metrics of the batch by name, those without a value included if an
	// archive describes them.
	Metrics []*Metric

	byID  map[pcp.PMID]*Metric
	state *content
}

// Metric is a metric with its values at an instant, and the metadata in force then.
type Metric struct {
	history.MetricValues
	// Stamps are the times at which the values of Points were recorded.
	Stamps []pcp.Timestamp
}

// State identifies the records that the values come from. It is comparable: values of the
// same metrics with equal States are equal.
func (v *Values) State() any { return v.state }

// Metric returns the metric with an identifier, nil if the batch lacks it or no archive
// describes it. Where several exporters of the host have the metric, the result has the
// values of all, and of each instance the one recorded last.
func (v *Values) Metric(id pcp.PMID) *Metric { return v.byID[id] }

// Len returns the number of values.
func (v *Values) Len() (n int) {
	for _, m := range v.Metrics {
		n += len(m.Points)
	}
	return n
}

// newValues returns Values with metrics in any order.
func newValues(state *content, metrics []*Metric) *Values {
	slices.SortFunc(metrics, func(a, b *Metric) int {
		return cmp.Or(strings.Compare(a.Metric.Name, b.Metric.Name), strings.Compare(a.Metric.Target.String(), b.Metric.Target.String()))
	})
	v := &Values{Stamp: state.stamp, state: state, Metrics: metrics, byID: make(map[pcp.PMID]*Metric, len(metrics))}
	for _, m := range metrics {
		id := m.Metric.Desc.PMID
		if other := v.byID[id]; other != nil {
			m = joined(other, m)
		}
		v.byID[id] = m
	}
	return v
}

// joined returns the values of a metric of two targets.
func joined(a, b *Metric) *Metric {
	switch {
	case len(a.Points) == 0:
		return b
	case len(b.Points) == 0:
		return a
	}
	all := &Metric{MetricValues: b.MetricValues}
	all.Points, all.Stamps = slices.Clone(a.Points), slices.Clone(a.Stamps)
	places := make(map[pcp.InstID]int, len(all.Points))
	for i := range all.Points {
		places[all.Points[i].Series.Inst.ID] = i
	}
	for i := range b.Points {
		at, known := places[b.Points[i].Series.Inst.ID]
		switch {
		case !known:
			all.Points, all.Stamps = append(all.Points, b.Points[i]), append(all.Stamps, b.Stamps[i])
		case !b.Stamps[i].Before(all.Stamps[at]):
			all.Points[at], all.Stamps[at] = b.Points[i], b.Stamps[i]
		}
	}
	return all
}

// some returns the metrics with some identifiers. Unknown ones have no effect.
func (v *Values) some(ids []pcp.PMID) *Values {
	wanted := make(map[pcp.PMID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	metrics := make([]*Metric, 0, len(ids))
	for _, m := range v.Metrics {
		if wanted[m.Metric.Desc.PMID] {
			metrics = append(metrics, m)
		}
	}
	return newValues(v.state, metrics)
}

// Steps returns the values of all metrics that have some, one step for each target, at
// least one. The steps share memory with v.
func (v *Values) Steps() []*history.Step {
	var steps []*history.Step
	byTarget := map[history.Target]*history.Step{}
	for _, m := range v.Metrics {
		if len(m.Points) == 0 {
			continue
		}
		step := byTarget[m.Metric.Target]
		if step == nil {
			step = &history.Step{Stamp: v.Stamp, Target: m.Metric.Target}
			byTarget[step.Target], steps = step, append(steps, step)
		}
		step.Metrics = append(step.Metrics, m.MetricValues)
	}
	if len(steps) == 0 {
		steps = append(steps, &history.Step{Stamp: v.Stamp})
	}
	return steps
}
