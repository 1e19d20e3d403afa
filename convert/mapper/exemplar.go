package mapper

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Exemplars are the records of an event metric that shares the instances of the
// samples' metric. A record is of the exemplar's time and has the flag point; one
// without a time of its own is of the sample's, and without the flag. Its
// parameters are two metrics of cluster 0, which all exemplars share.
const (
	exemplarLeaf = "exemplar." // precedes the sample's name
)

// exemplarParams are the parameters: the value, and the labels as a JSON object.
var exemplarParams = []controlMetric{
	{item: 24, name: "exemplar.value", typ: pcp.TypeDouble, sem: pcp.SemInstant, help: "value of an exemplar, in the unit of its metric"},
	{item: 25, name: "exemplar.labels", typ: pcp.TypeString, sem: pcp.SemInstant, help: "labels of an exemplar, as a JSON object"},
}

// mappedExemplars is the metric of the exemplars of another one's series.
type exemplarMetric struct {
	metric *history.Metric // nil: there is no number for it
	tick   uint64          // of the step that points belong to
	points []history.Point
}

// seriesExemplars are those of one series.
type seriesExemplars struct {
	series *history.Series // of the event metric
	tick   uint64          // of the step that events belong to
	last   []prom.Exemplar // of the last step that had any
	now    []prom.Exemplar // of this one
	events []history.EventRecord
	at     int // its point
}

// SetExemplar adds an exemplar to what the series has in the current step. It is
// left out if the step before that had exemplars of the series had it: endpoints
// repeat theirs until there is another. One that cannot be recorded is counted.
// The labels are kept.
func (s *Source) SetExemplar(ser *Series, e prom.Exemplar) {
	m := ser.metric
	if !ser.live {
		s.mapper.opts.Report.Add(prom.LossExemplar, m.key.sample)
		return
	}
	x := ser.exemplars
	if x == nil {
		x = &seriesExemplars{}
		ser.exemplars = x
	}
	if x.tick != s.tick {
		x.tick, x.events = s.tick, nil
		x.last, x.now = x.now, x.last[:0]
	}
	same := func(o prom.Exemplar) bool { return o.Equal(&e) }
	known := slices.ContainsFunc(x.last, same) || slices.ContainsFunc(x.now, same)
	x.now = append(x.now, e)
	if known {
		return
	}
	if err := s.recordExemplar(ser, &e); err != nil {
		s.mapper.opts.Report.Add(prom.LossExemplar, m.key.sample)
	}
}

// recordExemplar adds an event record to the current step.
func (s *Source) recordExemplar(ser *Series, e *prom.Exemplar) error {
	m, x := ser.metric, ser.exemplars
	if m.exemplars == nil {
		m.exemplars = &exemplarMetric{}
		if err := s.describeExemplars(m); err != nil {
			return err
		}
	}
	if m.exemplars.metric == nil {
		return ErrNumbers
	}
	params := s.mapper.control.params
	record, err := prom.ExemplarRecord(e, s.step.Stamp, params[0].Desc.PMID, params[1].Desc.PMID)
	if err != nil {
		return err
	}
	events := append(x.events, record)
	inst := ser.series.Inst
	value, err := history.EventValue(inst.ID, m.exemplars.metric.Desc.Type, events)
	if err != nil {
		return err
	}
	if m.exemplars.tick != s.tick {
		m.exemplars.tick, m.exemplars.points = s.tick, m.exemplars.points[:0]
		s.withExemplars = append(s.withExemplars, m)
	}
	if x.series == nil || x.series.Metric != m.exemplars.metric {
		x.series = &history.Series{Metric: m.exemplars.metric, Inst: inst, Labels: ser.series.Labels}
	}
	if len(x.events) == 0 {
		x.at = len(m.exemplars.points)
		m.exemplars.points = append(m.exemplars.points, history.Point{Series: x.series})
	}
	x.events = events
	m.exemplars.points[x.at].Value = value
	return nil
}

// appendExemplars adds the event metrics to the step being built.
func (s *Source) appendExemplars() {
	for _, m := range s.withExemplars {
		s.step.Metrics = append(s.step.Metrics, history.MetricValues{
			Metric: m.exemplars.metric, InDom: m.indom, Labels: m.labels, Points: m.exemplars.points,
		})
	}
}

// describeExemplars gives the exemplars of a metric's series a metric.
func (s *Source) describeExemplars(m *metricState) error {
	leaf := exemplarLeaf + naming.LeafName(m.key.sample)
	prefix := s.mapper.opts.Prefix + "." + s.target.Name + "."
	d := &meta.Desc{
		Type: pcp.TypeHighResEvent, InDom: m.metric.Desc.InDom, Sem: pcp.SemInstant, Names: []string{prefix + leaf},
	}
	key := m.key
	key.encoding = naming.EncodingExemplar
	origin, err := naming.IdentityLabels(key.sample, m.family, key.encoding)
	if err != nil {
		return err
	}
	if known := s.mapper.adopted.find(s.target.Name, key, d, m.family.Unit); known != nil && known.desc.InDom == d.InDom {
		d = known.desc
	} else {
		if err := s.number(d); err != nil {
			return err
		}
		d.InDom = m.metric.Desc.InDom // it has none of its own
		d.Names[0] = prefix + s.freeLeaf(leaf)
	}
	help := "exemplars of " + m.key.sample
	m.exemplars.metric = &history.Metric{
		Name: d.Names[0], Desc: d, OneLine: help, Help: help, Params: s.mapper.control.params,
	}
	m.exemplars.metric.Labels = m.metric.Labels
	m.exemplars.metric.Labels[4] = origin
	return nil
}

// newParams makes the metrics of the parameters.
func newParams(m *Mapper) []*history.Metric {
	var params []*history.Metric
	for _, cm := range exemplarParams {
		d := &meta.Desc{
			PMID: pcp.NewPMID(naming.OpenMetricsDomain, naming.ControlCluster, cm.item), Type: cm.typ, InDom: pcp.InDomNull,
			Sem: cm.sem, Names: []string{m.opts.Prefix + ".control." + cm.name},
		}
		metric := &history.Metric{Name: d.Names[0], Desc: d, OneLine: cm.help, Help: cm.help}
		metric.Labels[0] = m.context
		params = append(params, metric)
	}
	return params
}
