package instant

import (
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
// describes it.
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
	slices.SortFunc(metrics, func(a, b *Metric) int { return strings.Compare(a.Metric.Name, b.Metric.Name) })
	v := &Values{Stamp: state.stamp, state: state, Metrics: metrics, byID: make(map[pcp.PMID]*Metric, len(metrics))}
	for _, m := range metrics {
		v.byID[m.Metric.Desc.PMID] = m
	}
	return v
}

// some returns the metrics with some identifiers. Unknown ones have no effect.
func (v *Values) some(ids []pcp.PMID) *Values {
	metrics := make([]*Metric, 0, len(ids))
	seen := make(map[pcp.PMID]bool, len(ids))
	for _, id := range ids {
		if m := v.byID[id]; m != nil && !seen[id] {
			seen[id] = true
			metrics = append(metrics, m)
		}
	}
	return newValues(v.state, metrics)
}

// Step returns the values of all metrics that have some as one step. The step shares
// memory with v.
func (v *Values) Step() *history.Step {
	step := &history.Step{Stamp: v.Stamp, Metrics: make([]history.MetricValues, 0, len(v.Metrics))}
	for _, m := range v.Metrics {
		if len(m.Points) > 0 {
			step.Metrics = append(step.Metrics, m.MetricValues)
		}
	}
	return step
}
