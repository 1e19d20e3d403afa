package flatten

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
)

// exemplars hands the exemplars in the values of a metric to the sink. It counts an
// exemplar whose series has no sample as lost.
func (f *Flattener) exemplars(mv *history.MetricValues, t int64) error {
	m := f.metrics[mv.Metric.Desc.PMID]
	if mv.Err < 0 {
		return nil
	}
	for i := range mv.Points {
		p := &mv.Points[i]
		events, err := p.Value.Events()
		if err != nil {
			f.opts.Report.Add(prom.LossUndecodable, m.metric.Name)
			continue
		}
		series := f.exemplarSeries(m, p.Series, mv.InDom)
		for j := range events {
			if err := f.exemplar(m, series, t, &events[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// exemplar hands the exemplar in an event record to the sink. s is nil if the exemplar's
// series has no sample.
func (f *Flattener) exemplar(m *metricState, s *liveSeries, t int64, r *history.EventRecord) error {
	e, ok := prom.ExemplarOf(r)
	switch {
	case !ok:
		f.opts.Report.Add(prom.LossUndecodable, m.metric.Name)
		return nil
	case s == nil:
		f.opts.Report.Add(prom.LossExemplar, m.naming.sample)
		return nil
	}
	return f.put(s, prom.Sample{T: t, Exemplar: &e})
}

// exemplarSeries returns the series to which the exemplars of a point belong, nil if the
// series has no value.
func (f *Flattener) exemplarSeries(m *metricState, s *history.Series, in *meta.InDom) *liveSeries {
	p, ok := m.series[s]
	if !ok {
		labels, err := f.labels(&m.naming, s, f.sharesName(in, s.Inst))
		if err != nil {
			return nil
		}
		if p = f.series[m.naming.key(labels)]; p == nil {
			return nil
		}
		m.series[s] = p
	}
	if p.live == 0 || p.owner != f {
		return nil
	}
	return p
}

// key returns the key of a series in seriesTable.series.
func (n *sampleNaming) key(labels []prom.Label) string {
	return n.sample + "\xff" + prom.LabelsKey(labels)
}
