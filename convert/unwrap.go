package convert

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Unwrap is a [history.Sink] that turns 32-bit counters into 64-bit counters on
// their way to another sink. A counter continues over a wrap. It begins anew after
// a reset or a mark.
//
// When a counter falls, Unwrap assumes a wrap if it advanced by less than half its
// range modulo 2³², and a reset otherwise. PCP's tools with PCP_COUNTER_WRAP
// assume a wrap at every fall; but then a counter that restarts near zero from a
// small value would seem to have advanced by four billion. No rule can tell a
// reset from the upper half of the range: Unwrap takes it for a wrap.
//
// [prom.LossUnwrapped] counts every wrap.
type Unwrap struct {
	dst     history.Sink
	report  *prom.Report
	metrics map[partMetric]*unwrappedMetric
	step    history.Step
	points  []history.Point
}

// unwrappedMetric is a metric with 32-bit counters.
type unwrappedMetric struct {
	metric, wide *history.Metric                     // as recorded, and with 64 bits
	series       map[*history.Series]*history.Series // series of wide by series of metric
	last         map[pcp.InstID]wideCounter
}

// wideCounter is the last value of a counter.
type wideCounter struct {
	low  uint32 // as recorded
	high uint64 // the sum of all wraps, a multiple of 2³²
}

// NewUnwrap returns an Unwrap that feeds dst and owns it. The report may be nil.
func NewUnwrap(dst history.Sink, r *prom.Report) *Unwrap {
	return &Unwrap{dst: dst, report: r, metrics: map[partMetric]*unwrappedMetric{}}
}

// Put hands on a step with its 32-bit counters widened.
func (u *Unwrap) Put(step *history.Step) error {
	if step.Mark {
		for key, m := range u.metrics {
			if key.concerns(step) {
				clear(m.last)
			}
		}
		return u.dst.Put(step)
	}
	u.step.Stamp, u.step.Part, u.step.Target = step.Stamp, step.Part, step.Target
	u.step.Metrics, u.points = append(u.step.Metrics[:0], step.Metrics...), u.points[:0]
	for i := range u.step.Metrics {
		mv := &u.step.Metrics[i]
		if d := mv.Metric.Desc; d.Sem == pcp.SemCounter && (d.Type == pcp.Type32 || d.Type == pcp.TypeU32) {
			u.widen(mv)
		}
	}
	return u.dst.Put(&u.step)
}

// Close closes the sink.
func (u *Unwrap) Close() error { return u.dst.Close() }

// widen replaces a metric and its values in a step.
func (u *Unwrap) widen(mv *history.MetricValues) {
	key := partMetric{u.step.Part, mv.Metric.Desc.PMID}
	m := u.metrics[key]
	if m == nil {
		m = &unwrappedMetric{last: map[pcp.InstID]wideCounter{}}
		u.metrics[key] = m
	}
	if m.metric != mv.Metric {
		m.metric, m.wide = mv.Metric, wideMetric(mv.Metric)
		m.series = map[*history.Series]*history.Series{}
	}
	mv.Metric = m.wide
	start := len(u.points)
	for _, p := range mv.Points {
		if _, ok := p.Value.Number(m.metric.Desc.Type); ok {
			p.Value = history.NumberValue(p.Value.Inst, pcp.TypeU64, u.extend(m, p.Value.Inst, uint32(p.Value.Bits)))
		}
		p.Series = m.seriesOf(p.Series)
		u.points = append(u.points, p)
	}
	mv.Points = u.points[start:len(u.points):len(u.points)]
}

// extend returns the 64-bit value of a counter whose next 32-bit value is low.
func (u *Unwrap) extend(m *unwrappedMetric, inst pcp.InstID, low uint32) uint64 {
	c, known := m.last[inst]
	if known && low < c.low {
		const half = 1 << 31
		if low-c.low < half { // modulo 2³²
			c.high += 1 << 32
			u.report.Add(prom.LossUnwrapped, m.metric.Name)
		} else {
			c.high = 0
		}
	}
	c.low = low
	m.last[inst] = c
	return c.high + uint64(low)
}

func wideMetric(m *history.Metric) *history.Metric {
	c, d := *m, *m.Desc
	d.Type = pcp.TypeU64
	c.Desc = &d
	return &c
}

func (m *unwrappedMetric) seriesOf(s *history.Series) *history.Series {
	wide, ok := m.series[s]
	if !ok {
		c := *s
		c.Metric = m.wide
		wide = &c
		m.series[s] = wide
	}
	return wide
}
