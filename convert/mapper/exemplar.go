package mapper

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// An archive keeps exemplars as records of an event metric, which shares the
// instances of the samples' metric. A record has the exemplar's time and the flag
// point, or the sample's time and no flag if the exemplar has no time. Its
// parameters are two metrics of cluster 0, which all exemplars share.

// exemplarLeaf precedes the sample's name in the name of the event metric.
const exemplarLeaf = "exemplar."

// exemplarParams are the two parameters: the value, and the labels as a JSON
// object.
var exemplarParams = []controlMetric{
	{item: 24, name: "exemplar.value", typ: pcp.TypeDouble, sem: pcp.SemInstant, help: "value of an exemplar, in the unit of its metric"},
	{item: 25, name: "exemplar.labels", typ: pcp.TypeString, sem: pcp.SemInstant, help: "labels of an exemplar, as a JSON object"},
}

// exemplarMetric is the event metric with the exemplars of a metric's series.
type exemplarMetric struct {
	metric  *history.Metric // nil if the archive has no number left for it
	numbers MetricNumbers   // nil if the Mapper numbers by itself
	tick    uint32          // the step that points belong to
	points  []history.Point
}

// seriesExemplars has the exemplars of one series.
type seriesExemplars struct {
	series *history.Series       // series of the event metric
	tick   uint32                // the step that now and events belong to
	last   []prom.Exemplar       // exemplars of the last step before now that had any
	now    []prom.Exemplar       // exemplars of the current step
	events []history.EventRecord // records of the current step
	at     int                   // index of the series' point in exemplarMetric.points
}

// SetExemplar adds an exemplar of a series to the current step. Endpoints repeat
// an exemplar until they have another, so SetExemplar ignores one that the series
// had in its last step with exemplars. It counts one that cannot be recorded. The
// Source keeps the labels of e.
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

// recordExemplar adds the event record of an exemplar to the current step.
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

// describeExemplars gives the exemplars of a metric's series their event metric.
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
	if s.numbers != nil {
		if m.exemplars.numbers, err = s.numbered(key, d, m.family.Unit); err != nil {
			return err
		}
		d = m.exemplars.numbers.Desc()
	} else if known := s.mapper.adopted.find(s.target.Name, key, d, m.family.Unit, false); known != nil && known.desc.InDom == d.InDom {
		d = known.desc
	} else {
		if err := s.number(d); err != nil {
			return err
		}
		d.InDom = m.metric.Desc.InDom // number gave it another domain
		d.Names[0] = prefix + s.taken.Take(leaf)
	}
	help := "exemplars of " + m.key.sample
	m.exemplars.metric = &history.Metric{
		Name: d.Names[0], Desc: d, OneLine: help, Help: help, Params: s.mapper.control.params,
	}
	m.exemplars.metric.Labels = m.metric.Labels
	m.exemplars.metric.Labels[labelset.AtItem] = origin
	return nil
}

// newParams makes the metrics that event records of exemplars have as parameters.
func newParams(m *Mapper) []*history.Metric {
	var params []*history.Metric
	for _, cm := range exemplarParams {
		d := &meta.Desc{
			PMID: pcp.NewPMID(naming.OpenMetricsDomain, naming.ControlCluster, cm.item), Type: cm.typ, InDom: pcp.InDomNull,
			Sem: cm.sem, Names: []string{m.opts.Prefix + ".control." + cm.name},
		}
		metric := &history.Metric{Name: d.Names[0], Desc: d, OneLine: cm.help, Help: cm.help}
		metric.Labels[labelset.AtContext] = m.context
		params = append(params, metric)
	}
	return params
}
