package flatten

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metricState is one PCP metric with its series.
type metricState struct {
	// shape is the shape of the last step with the metric. Every step of that shape
	// has the points prev, in the same order. It is nil if this does not hold.
	shape  *history.Shape
	metric *history.Metric
	naming sampleNaming
	series map[*history.Series]*liveSeries // resolved series; nil for rejected ones
	past   past                            // series of earlier descriptions of the metric
	family *prom.Family                    // of naming; nil before the first series
	texts  map[*history.Series]textSeries  // present texts of a text metric
	indom  *meta.InDom                     // instance domain of the last step
	prev   []resolvedPoint                 // points of the last record with values
	now    []resolvedPoint                 // points of this record
	live   map[pcp.InstID]*liveSeries      // instances with a value that have not ended
	twins  bool                            // instances of the domain share names
	skip   bool                            // the metric cannot become series
}

// resolvedPoint is a point with its Prometheus series.
type resolvedPoint struct {
	source *history.Series
	prom   *liveSeries // nil if Prometheus cannot have the series
}

// metric flattens the values of a metric in a step of a shape.
func (f *Flattener) metric(mv *history.MetricValues, t int64, shape *history.Shape) error {
	m := f.state(mv.Metric)
	m.shape = nil
	switch {
	case m.skip:
		m.shape = shape
		return nil
	case m.naming.exemplars:
		f.hadExemplars = true
		f.exemplary = append(f.exemplary, mv)
		return nil
	case mv.Err < 0 || len(mv.Points) == 0 && mv.Metric.Desc.InDom == pcp.InDomNull:
		f.endAll(m)
		m.shape = shape
		return nil
	case !m.naming.text && !m.naming.histogram:
		m.shape = shape
	}
	same, err := f.points(m, mv, t)
	if err != nil {
		return err
	}
	if !same || mv.InDom != m.indom {
		f.findEnded(m, mv.InDom)
	}
	m.indom = mv.InDom
	if len(m.now) > 0 { // a record without values shows no logging group
		m.prev, m.now = m.now, m.prev
	}
	return nil
}

// points flattens the points of a metric into m.now. same reports whether they have the
// series of m.prev.
func (f *Flattener) points(m *metricState, mv *history.MetricValues, t int64) (same bool, err error) {
	m.now = m.now[:0]
	same = len(mv.Points) == len(m.prev)
	known := mv.InDom == m.indom || !f.renamed(m, mv.InDom)
	for j := range mv.Points {
		p := &mv.Points[j]
		at := resolvedPoint{source: p.Series}
		if known && j < len(m.prev) && m.prev[j].source == p.Series && !m.naming.text {
			at = m.prev[j]
		} else {
			at.prom = f.resolve(m, p, mv.InDom)
			same = same && j < len(m.prev) && m.prev[j] == at
		}
		m.now = append(m.now, at)
		if at.prom == nil {
			continue
		}
		if m.naming.histogram {
			err = f.putHistogram(m, at.prom, t, p.Value.Data)
		} else if v, ok := f.value(m, &p.Value); ok {
			err = f.putNumber(at.prom, t, v)
		}
		if err != nil {
			return same, err
		}
	}
	return same, nil
}

// putHistogram hands on a native histogram. It counts a value that has no bytes.
func (f *Flattener) putHistogram(m *metricState, s *liveSeries, t int64, data []byte) error {
	if data == nil {
		f.opts.Report.Add(prom.LossUndecodable, m.metric.Name)
		return nil
	}
	return f.put(s, prom.Sample{T: t, Histogram: data})
}

// renamed reports whether the instances of a changed domain began or ceased to
// share names. It then forgets the series of the metric, whose labels change.
func (f *Flattener) renamed(m *metricState, in *meta.InDom) bool {
	before := m.twins
	m.twins = in != nil && len(f.sharedBy(in)) > 0
	if f.opts.InstanceIDs || !before && !m.twins {
		return false
	}
	clear(m.series)
	clear(m.texts)
	return true
}

// value returns the value of a sample. It returns false, and counts the loss, if
// the value cannot be decoded.
func (f *Flattener) value(m *metricState, v *history.Value) (float64, bool) {
	if m.naming.text {
		return 1, true
	}
	x, ok := v.Number(m.metric.Desc.Type)
	if !ok {
		f.opts.Report.Add(prom.LossUndecodable, m.metric.Name)
		return 0, false
	}
	if v.Bits > 1<<53 && !v.Exact() {
		f.opts.Report.Add(prom.LossRounded, m.metric.Name)
	}
	return m.naming.scale.Apply(x), true
}

// state finds or makes the state of a metric. It names the metric again when its
// labels changed.
func (f *Flattener) state(metric *history.Metric) *metricState {
	id := metric.Desc.PMID
	m, ok := f.metrics[id]
	if !ok {
		m = &metricState{live: map[pcp.InstID]*liveSeries{}}
		f.metrics[id] = m
	}
	if m.metric != metric {
		before, named := m.metric, m.naming
		m.metric = metric
		m.series, m.texts = map[*history.Series]*liveSeries{}, map[*history.Series]textSeries{}
		m.skip = f.rejects(metric)
		if !m.skip {
			m.naming, m.family = f.name(metric), nil
		}
		if before == nil || m.skip || m.past.since != f.since || !sameWords(before, metric, &named, &m.naming) {
			m.past = past{since: f.since}
		}
	}
	return m
}

// rejects reports whether a metric cannot become series, and counts the loss.
func (f *describer) rejects(metric *history.Metric) bool {
	switch {
	case f.opts.NoHealth && naming.IsHealth(metric.Desc.PMID):
		return true
	case metric.Name == "":
		f.opts.Report.Add(prom.LossNoName, metric.Desc.PMID.String())
		return true
	case !metric.Desc.Type.IsNumeric() && naming.IsHealth(metric.Desc.PMID):
		return true // the status in words; the metric up has it as a number
	case metric.Desc.Type == pcp.TypeString && f.opts.TextLabels, naming.IsHistogram(metric), naming.IsExemplar(metric):
		return false
	case !metric.Desc.Type.IsNumeric():
		f.opts.Report.Add(prom.LossNotNumeric, metric.Name)
		return true
	}
	return false
}

// resolve returns the Prometheus series of a point, nil if it has invalid labels.
func (f *Flattener) resolve(m *metricState, point *history.Point, in *meta.InDom) *liveSeries {
	if m.naming.text {
		return f.resolveText(m, point, in)
	}
	s := point.Series
	if p, ok := m.series[s]; ok {
		f.setOrigin(m, p, s)
		return p
	}
	twin := f.sharesName(in, s.Inst)
	if p := m.past.find(s, twin, f.opts.Host); p != nil {
		p = f.take(m, p, s)
		m.series[s] = p
		return p
	}
	f.counted = false
	labels, err := f.labels(&m.naming, s, twin)
	if err != nil {
		f.opts.Report.Add(prom.LossInvalidLabel, m.metric.Name)
		m.series[s] = nil
		return nil
	}
	p := f.intern(m, s, labels)
	if m.series[s] = p; p != nil && !f.counted {
		m.past.remember(s, twin, p)
	}
	return p
}

// intern returns the one series with the given labels and makes s its origin. If
// the series belongs to another host, the label hostname makes a new one. intern
// returns nil, and counts the loss, if another host has that one, too.
func (f *Flattener) intern(m *metricState, s *history.Series, labels []prom.Label) *liveSeries {
	key := m.naming.key(labels)
	p, ok := f.series[key]
	if ok && p.owner.opts.Host != f.opts.Host && f.opts.Host != "" {
		f.counted = true
		f.opts.Report.Add(prom.LossSameLabels, m.metric.Name)
		labels = normalizeLabels(append(slices.Clone(labels), prom.Label{Name: labelHostname, Value: f.opts.Host}))
		key = m.naming.key(labels)
		p, ok = f.series[key]
	}
	if !ok {
		p = &liveSeries{Series: prom.Series{
			Name: m.naming.sample, Labels: labels, Sem: m.metric.Desc.Sem, ID: len(f.series),
		}, desc: m.metric.Desc}
		f.series[key] = p
	}
	return f.take(m, p, s)
}

// take makes s the origin of p. It returns nil, and counts the loss, if another host has p.
func (f *Flattener) take(m *metricState, p *liveSeries, s *history.Series) *liveSeries {
	if p.live > 0 && p.owner != f {
		f.opts.Report.Add(prom.LossCollision, m.metric.Name)
		return nil
	}
	p.owner = f
	p.mixed = p.mixed || p.desc != m.metric.Desc
	if m.family == nil {
		m.family = f.family(m.naming.family)
	}
	p.Family = m.family // the latest description
	f.setOrigin(m, p, s)
	return p
}

// setOrigin makes s the origin of p, which may be nil. A series of Prometheus has no
// origin in PCP. An instance may give its name to another instance and take it back:
// p is then the same series, with another origin each time.
func (f *Flattener) setOrigin(m *metricState, p *liveSeries, s *history.Series) {
	switch {
	case p == nil:
	case m.naming.native == nil:
		p.SetOrigin(nil, nil, f.last.Milli())
	default:
		p.SetOrigin(m.naming.native, s, f.last.Milli())
	}
}

// family returns the one pointer for a family.
func (f *Flattener) family(fam prom.Family) *prom.Family {
	known, ok := f.families[fam]
	if !ok {
		known = &fam
		f.families[fam] = known
	}
	return known
}
