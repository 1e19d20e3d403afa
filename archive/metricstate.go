package archive

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metricState holds the resolved metadata of a metric. It is valid from since
// to just before until.
type metricState struct {
	id      pcp.PMID
	next    *metricState // the metric that followed this one in a record and probably will again
	desc    *meta.Desc   // nil if the archive lacks the metric or the query does not select it
	refused bool         // the archive has the metric, but the query does not select it
	since   pcp.Timestamp
	until   pcp.Timestamp
	metric  *history.Metric // nil until resolved
	sets    [len(labelset.Levels)]*meta.Labels
	indom   *meta.InDom
	store   *meta.Store
	past    bool          // names of earlier versions of the domain count
	again   pcp.Timestamp // time of the next label record of the instances
	series  map[pcp.InstID]*history.Series
	last    []*history.Series // series of the previous step, by position
	settled *shape            // the last shape with the metric whose records may wait
}

// refresh looks up the metadata of a metric at t. It keeps pointers to values
// that did not change.
func (v *view) refresh(m *metricState, t pcp.Timestamp) {
	store, d := v.r.store, m.desc
	m.store = store
	m.since, m.until = pcp.MinTime, pcp.MaxTime
	changed := m.metric == nil
	for i, level := range labelset.Levels {
		if d.InDom == pcp.InDomNull && (level == labelset.InDom || level == labelset.Instances) {
			continue
		}
		l, until := store.LabelsAt(level, history.LabelIdent(level, d), t)
		if l != m.sets[i] && level != labelset.Instances {
			changed = true
		}
		m.sets[i], m.again = l, until // the instances are the last level
		m.until = earlier(m.until, until)
		if l != nil {
			m.since = later(m.since, l.Stamp)
		}
	}
	if changed {
		before := m.metric
		m.metric = v.r.metric(d, m.sets[:5])
		m.metric.Target = v.target
		if before != nil {
			m.metric.Params = before.Params
		}
		m.series = map[pcp.InstID]*history.Series{}
	}
	if d.InDom != pcp.InDomNull {
		in, until := store.InDomAt(d.InDom, t)
		m.indom = in
		m.until = earlier(m.until, until)
		if in != nil {
			m.since = later(m.since, in.Stamp)
		}
	}
	// at resolves each series again when it is needed, and keeps it if it is
	// equal.
	m.last = m.last[:0]
}

func (r *Reader) metric(d *meta.Desc, sets []*meta.Labels) *history.Metric {
	metric := &history.Metric{Name: d.Name(), Desc: d, OneLine: r.store.OneLine(d.PMID), Help: r.store.Help(d.PMID)}
	for i, l := range sets {
		metric.Labels[i], _ = l.Find(pcp.InstNull)
	}
	if sets[0] == nil { // PCP makes up the same set
		metric.Labels[labelset.AtContext], _ = labelset.New(labelset.Context, labelset.String("hostname", r.header.Host))
	}
	return metric
}

func earlier(a, b pcp.Timestamp) pcp.Timestamp {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b pcp.Timestamp) pcp.Timestamp {
	if b.After(a) {
		return b
	}
	return a
}

// at returns the series of the value at position j. Consecutive records of a
// logging group usually have the same instances in the same order, so the
// position finds nearly all series.
func (m *metricState) at(j int, inst pcp.InstID) *history.Series {
	if j < len(m.last) && m.last[j].Inst.ID == inst {
		return m.last[j]
	}
	in := m.instance(j, inst)
	labels := m.instanceLabels(j, in)
	if s, ok := m.series[inst]; ok && s.Inst == in && s.Labels.Equal(labels) {
		return s
	}
	s := &history.Series{Metric: m.metric, Inst: in, Labels: labels}
	m.series[inst] = s
	return s
}

// instance returns the instance id of the domain. Most records hold all
// instances of the domain in its order, so it tries position j first. An instance
// that the domain lacks keeps the name that it had, if the query wants it.
func (m *metricState) instance(j int, id pcp.InstID) meta.Instance {
	if m.indom == nil {
		return meta.Instance{ID: id}
	}
	if all := m.indom.Instances; j < len(all) && all[j].ID == id && (j == 0 || all[j-1].ID != id) {
		return all[j]
	}
	in, ok := m.indom.Lookup(id)
	if in.ID = id; !ok && m.past {
		in.Name, _ = m.store.PastName(m.indom, id)
	}
	return in
}

// instanceLabels returns the labels of an instance. It tries position j first.
func (m *metricState) instanceLabels(j int, in meta.Instance) labelset.Set {
	l, id := m.sets[len(m.sets)-1], in.ID
	if l != nil && j < len(l.Sets) && l.Sets[j].Inst == id && (j == 0 || l.Sets[j-1].Inst != id) {
		return l.Sets[j].Set
	}
	set, ok := l.Find(id)
	if !ok && in.Name != "" && m.desc != nil {
		return m.store.LateLabels(m.desc.InDom, m.again, in)
	}
	return set
}

func (m *metricState) remember(points []history.Point) {
	if len(points) == 0 {
		return
	}
	m.last = m.last[:0]
	for i := range points {
		m.last = append(m.last, points[i].Series)
	}
}

// SeriesAt returns the series of a metric according to its metadata at t: one
// per instance, or the only series of a singular metric.
func (r *Reader) SeriesAt(d *meta.Desc, t pcp.Timestamp) []*history.Series {
	v := newView(r, history.Query{})
	m := &metricState{desc: d}
	v.refresh(m, t)
	if d.InDom == pcp.InDomNull {
		return []*history.Series{m.at(0, pcp.InstNull)}
	}
	if m.indom == nil {
		return nil
	}
	series := make([]*history.Series, len(m.indom.Instances))
	for i, in := range m.indom.Instances {
		series[i] = m.at(i, in.ID)
	}
	return series
}
