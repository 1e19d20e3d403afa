package interp

import (
	"iter"
	"maps"
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Rates replaces the counters in steps by their rates: the difference of a value and its
// predecessor, divided by the time between them, in the units of [RateUnits]. A rate is an
// instant metric of type double with the counter's name. The first value of a series, the
// first value after a mark, and a value below its predecessor have no rate. Other metrics
// do not change. Steps from [At] should include marks; see [Options.Marks].
//
// Rates reuses each Step; callers may keep Metric and Series pointers. It passes errors on.
func Rates(steps iter.Seq2[*history.Step, error]) iter.Seq2[*history.Step, error] {
	return RatesOf(steps, func(d *meta.Desc) bool { return d.Sem == pcp.SemCounter })
}

// RatesOf is [Rates] for the metrics with numbers for which of returns true. Of a metric
// that is no counter, a decrease has a rate, too.
func RatesOf(steps iter.Seq2[*history.Step, error], of func(*meta.Desc) bool) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		r := &rater{of: of, last: map[history.SeriesID]observation{}, metrics: map[*history.Metric]*history.Metric{}, series: map[*history.Series]*history.Series{}}
		for step, err := range steps {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(r.step(step), nil) {
				return
			}
		}
	}
}

// rater keeps the previous value of each counter.
type rater struct {
	of      func(*meta.Desc) bool
	last    map[history.SeriesID]observation
	metrics map[*history.Metric]*history.Metric // the rate of each counter
	series  map[*history.Series]*history.Series // the series of the rate by the counter's
	out     history.Step
	points  []history.Point // memory for the points of out
}

func (r *rater) step(in *history.Step) *history.Step {
	if in.Mark {
		maps.DeleteFunc(r.last, func(id history.SeriesID, _ observation) bool { return in.Ends(id.Target) })
		return in
	}
	r.out.Stamp, r.out.Metrics, r.points = in.Stamp, r.out.Metrics[:0], r.points[:0]
	for _, mv := range in.Metrics {
		if d := mv.Metric.Desc; d.Type.IsNumeric() && r.of(d) {
			mv = r.rates(in.Stamp, mv)
			if len(mv.Points) == 0 && mv.Err == 0 {
				continue
			}
		}
		r.out.Metrics = append(r.out.Metrics, mv)
	}
	return &r.out
}

func (r *rater) rates(t pcp.Timestamp, mv history.MetricValues) history.MetricValues {
	d := mv.Metric.Desc
	_, perSecond := RateUnits(d.Units)
	start := len(r.points)
	for _, p := range mv.Points {
		key := mv.Metric.SeriesID(p.Value.Inst)
		before, ok := r.last[key]
		r.last[key] = observation{stamp: t, value: p.Value}
		if !ok || !t.After(before.stamp) {
			continue
		}
		delta := Delta(before.value, p.Value, d.Type)
		if math.IsNaN(delta) || delta < 0 && d.Sem == pcp.SemCounter {
			continue
		}
		rate := delta / (t.Sub(before.stamp).Seconds() * perSecond)
		r.points = append(r.points, history.Point{Series: r.seriesOf(p.Series), Value: history.DoubleValue(p.Value.Inst, rate)})
	}
	mv.Metric, mv.Points = r.metricOf(mv.Metric), r.points[start:len(r.points):len(r.points)]
	return mv
}

// metricOf returns the rate metric of a counter.
func (r *rater) metricOf(m *history.Metric) *history.Metric {
	rate, ok := r.metrics[m]
	if !ok {
		c := *m
		units, _ := RateUnits(m.Desc.Units)
		c.Desc = &meta.Desc{PMID: m.Desc.PMID, Type: pcp.TypeDouble, InDom: m.Desc.InDom, Sem: pcp.SemInstant, Units: units, Names: m.Desc.Names}
		rate = &c
		r.metrics[m] = rate
	}
	return rate
}

func (r *rater) seriesOf(s *history.Series) *history.Series {
	rate, ok := r.series[s]
	if !ok {
		c := *s
		c.Metric = r.metricOf(s.Metric)
		rate = &c
		r.series[s] = rate
	}
	return rate
}
