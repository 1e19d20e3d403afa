package archive

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Target returns the exporter that the archive was recorded from; see [history.Target].
func (r *Reader) Target() history.Target {
	clusters := len(r.store.FirstOfClusters())
	if known := r.target.Load(); known != nil && known.clusters == clusters {
		return known.Target
	}
	found := &targetOfClusters{history.TargetOf(r.store), clusters}
	r.target.Store(found)
	return found.Target
}

// targetOfClusters is the Target of an archive with some clusters, to which an archive that
// is being written may add others.
type targetOfClusters struct {
	history.Target
	clusters int
}

// LabelRecordsAt returns the label records of the levels above a metric's instances that are
// in force at t, nil where there is none. They hold until the time until.
func (r *Reader) LabelRecordsAt(d *meta.Desc, t pcp.Timestamp) (records [labelset.MetricLevels]*meta.Labels, until pcp.Timestamp) {
	until = pcp.MaxTime
	for i, level := range labelset.Levels[:labelset.MetricLevels] {
		if d.InDom == pcp.InDomNull && level == labelset.InDom {
			continue
		}
		var next pcp.Timestamp
		records[i], next = r.store.LabelsAt(level, history.LabelIdent(level, d), t)
		until = earlier(until, next)
	}
	return records, until
}

// MetricAt returns a metric with the label records of LabelRecordsAt. Both hold until the
// time until.
func (r *Reader) MetricAt(d *meta.Desc, t pcp.Timestamp) (m *history.Metric, records [labelset.MetricLevels]*meta.Labels, until pcp.Timestamp) {
	records, until = r.LabelRecordsAt(d, t)
	m = r.metric(d, records[:])
	m.Target = r.Target()
	return m, records, until
}
