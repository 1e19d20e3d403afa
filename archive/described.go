package archive

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// MetricAt returns a metric with the label records of the levels above the instance that are
// in force at t, nil where there is none. Both hold until the time until.
func (r *Reader) MetricAt(d *meta.Desc, t pcp.Timestamp) (m *history.Metric, records [labelset.MetricLevels]*meta.Labels, until pcp.Timestamp) {
	until = pcp.MaxTime
	for i, level := range labelset.Levels[:labelset.MetricLevels] {
		if d.InDom == pcp.InDomNull && level == labelset.InDom {
			continue
		}
		var next pcp.Timestamp
		records[i], next = r.store.LabelsAt(level, history.LabelIdent(level, d), t)
		until = earlier(until, next)
	}
	return r.metric(d, records[:]), records, until
}
