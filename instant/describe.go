package instant

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// described is a metric with its metadata at an instant, and the records that they come
// from. Only series changes, and only before anybody else knows of it.
type described struct {
	metric  *history.Metric
	records [labelset.MetricLevels]*meta.Labels
	indom   *meta.InDom
	labels  *meta.Labels // of the instances
	series  map[pcp.InstID]*history.Series
}

// describer joins values with metadata at one instant.
type describer struct {
	readers []*archive.Reader // by ascending start
	t       pcp.Timestamp
	known   map[history.MetricID]*described // of an earlier instant
	next    map[history.MetricID]*described
}

// describe returns the values of a metric with its metadata. r is nil if it has none;
// then the result is nil if no archive describes the metric.
func (d *describer) describe(id history.MetricID, r *recorded) *Metric {
	reader, desc := d.find(id, r)
	if reader == nil {
		return undescribed(r)
	}
	now := d.metadata(reader, desc, id)
	d.next[id] = now
	m := &Metric{MetricValues: history.MetricValues{Metric: now.metric, InDom: now.indom, Labels: now.labels}}
	if r == nil {
		return m
	}
	m.Err = r.err
	if len(r.metric.Params) > 0 { // of event records
		c := *now.metric
		c.Params = r.metric.Params
		m.Metric = &c
	}
	m.Points = make([]history.Point, 0, len(r.values))
	m.Stamps = make([]pcp.Timestamp, 0, len(r.values))
	for i := range r.values {
		v := &r.values[i]
		if left(r.indom, now.indom, v.inst) {
			continue
		}
		m.Points = append(m.Points, history.Point{Series: now.at(v.inst), Value: v.value})
		m.Stamps = append(m.Stamps, v.stamp)
	}
	return m
}

// undescribed returns the values of a metric that no archive describes at the instant, with
// the metadata of its last record.
func undescribed(r *recorded) *Metric {
	if r == nil {
		return nil
	}
	m := &Metric{MetricValues: history.MetricValues{Metric: r.metric, Err: r.err, InDom: r.indom}}
	for i := range r.values {
		v := &r.values[i]
		in := meta.Instance{ID: v.inst}
		if r.indom != nil {
			in, _ = r.indom.Lookup(v.inst)
			in.ID = v.inst
		}
		m.Points = append(m.Points, history.Point{Series: &history.Series{Metric: r.metric, Inst: in}, Value: v.value})
		m.Stamps = append(m.Stamps, v.stamp)
	}
	return m
}

// find returns the last archive of a metric's target that describes it as its values have it.
func (d *describer) find(id history.MetricID, r *recorded) (*archive.Reader, *meta.Desc) {
	for i := len(d.readers) - 1; i >= 0; i-- {
		if d.readers[i].Target() != id.Target {
			continue
		}
		desc, ok := d.readers[i].Meta().Desc(id.PMID)
		if ok && (r == nil || desc == r.desc || desc.Conflict(r.desc) == "") {
			return d.readers[i], desc
		}
	}
	return nil, nil
}

// metadata returns the metadata of a metric. Metric and series are those of the earlier
// instant unless they have changed.
func (d *describer) metadata(r *archive.Reader, desc *meta.Desc, id history.MetricID) *described {
	now := &described{}
	now.metric, now.records, _ = r.MetricAt(desc, d.t)
	if desc.InDom != pcp.InDomNull {
		now.indom, _ = r.Meta().InDomAt(desc.InDom, d.t)
		now.labels, _ = r.Meta().LabelsAt(labelset.Instances, uint32(desc.InDom), d.t)
	}
	before := d.known[id]
	switch {
	case before == nil || !sameMetric(before, now):
		now.series = map[pcp.InstID]*history.Series{}
	case before.indom == now.indom && before.labels == now.labels:
		return before
	default:
		now.metric, now.series = before.metric, map[pcp.InstID]*history.Series{}
		now.take(before)
	}
	return now
}

// sameMetric reports whether two descriptions of a metric differ in its instances alone.
func sameMetric(a, b *described) bool {
	return a.records == b.records && a.metric.Name == b.metric.Name && (a.metric.Desc == b.metric.Desc || a.metric.Desc.Conflict(b.metric.Desc) == "" && a.metric.Desc.SameNames(b.metric.Desc)) &&
		a.metric.OneLine == b.metric.OneLine && a.metric.Help == b.metric.Help &&
		a.metric.Labels[labelset.AtContext].Equal(b.metric.Labels[labelset.AtContext]) // may be made up
}

// take takes over the series that have not changed.
func (m *described) take(before *described) {
	for id, s := range before.series {
		in, labels := m.instance(id)
		if in == s.Inst && labels.Equal(s.Labels) {
			m.series[id] = s
		}
	}
}

// instance returns an instance of the domain with its labels.
func (m *described) instance(id pcp.InstID) (meta.Instance, labelset.Set) {
	in := meta.Instance{ID: id}
	if m.indom != nil {
		in, _ = m.indom.Lookup(id)
		in.ID = id
	}
	labels, _ := m.labels.Find(id)
	return in, labels
}

// at returns the series of an instance.
func (m *described) at(id pcp.InstID) *history.Series {
	if s := m.series[id]; s != nil {
		return s
	}
	in, labels := m.instance(id)
	s := &history.Series{Metric: m.metric, Inst: in, Labels: labels}
	m.series[id] = s
	return s
}
