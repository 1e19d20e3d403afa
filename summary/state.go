package summary

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// kind is the way in which the values of a metric enter the statistics.
type kind int8

const (
	instant  kind = iota // a value holds until the next one
	discrete             // a value also holds until a mark or the end
	counter              // the rates enter the statistics instead of the values
)

// kindOf returns the kind of a metric. Like pmlogsummary, it treats unknown semantics as
// instant.
func kindOf(d *meta.Desc) kind {
	switch d.Sem {
	case pcp.SemCounter:
		return counter
	case pcp.SemDiscrete:
		return discrete
	}
	return instant
}

// seriesState is the state of one series. The fields that every value needs come first and
// are small, because each record loads them into the processor's caches.
type seriesState struct {
	inst   pcp.InstID
	kind   kind
	skip   bool
	typ    pcp.Type
	run    *history.Run
	epoch  int           // number of its run's marks before the last value
	last   pcp.Timestamp // time of the last value, which bits and value hold
	bits   uint64
	value  float64
	values int64
	series *history.Series // the series of the last value

	scale    float64 // number of time units of the rate in a second
	span     float64 // seconds for which the value was known
	weighted float64 // sum of values times seconds; for counters, sum of differences
	// Deviations are summed from the first value that counted, so that squares
	// of large values do not swallow small differences.
	sum, origin, dev, dev2 float64
	count                  int64
	min, max               float64
	minTime, maxTime       pcp.Timestamp
	digest                 *digest

	metric *metricState
	first  pcp.Timestamp
	bad    int64

	gaps, resets, wraps int
}

// add adds a value at time t.
func (s *seriesState) add(p *pass, t pcp.Timestamp, v *history.Value) {
	f, ok := v.Number(s.typ)
	if !ok {
		var w history.Value
		if w, ok = interp.Coerce(*v, s.typ); ok {
			v = &w
			f, _ = v.Number(s.typ)
		}
	}
	if !ok || f != f {
		s.bad++
		return
	}
	begin := s.values == 0
	if begin {
		s.first = t
	} else if s.epoch != len(s.run.Marks) {
		begin = true
		s.gaps++
		s.hold(p)
	}
	s.values++
	if s.kind == counter {
		if !s.advance(p, t, v.Bits, f, begin) {
			return
		}
	} else {
		if !begin {
			s.weigh(p, t)
		}
		s.observe(p, t, f)
	}
	s.last, s.bits, s.value, s.epoch = t, v.Bits, f, len(s.run.Marks)
}

// advance adds the rate between the previous value of a counter and this one. It returns
// false if no time has passed; the caller then drops this value.
func (s *seriesState) advance(p *pass, t pcp.Timestamp, bits uint64, f float64, begin bool) bool {
	if begin {
		return true
	}
	sec := p.since(s.last, t)
	if sec <= 0 {
		return false
	}
	d := f - s.value
	if s.typ == pcp.Type64 || s.typ == pcp.TypeU64 {
		d = interp.Delta64(s.bits, bits, s.typ)
	}
	if d < 0 && p.o.Wrap && interp.WrapOf(s.typ) > 0 {
		s.wraps++
		d += interp.WrapOf(s.typ)
	}
	if !(d >= 0) { // true for NaN too: infinity minus infinity
		s.resets++
		return true
	}
	s.span += sec
	s.weighted += d
	s.observe(p, t, d/(sec*s.scale))
	return true
}

// weigh adds the last value, weighted by the time from then until t. It does nothing if t
// is earlier.
func (s *seriesState) weigh(p *pass, t pcp.Timestamp) {
	if sec := p.since(s.last, t); sec > 0 {
		s.span += sec
		s.weighted += sec * s.value
	}
}

// hold adds the last value of a discrete metric, weighted by the time until the mark
// after it.
func (s *seriesState) hold(p *pass) {
	if s.kind == discrete {
		s.weigh(p, s.run.Marks[s.epoch])
	}
}

// observe adds a value or rate to the statistics.
func (s *seriesState) observe(p *pass, t pcp.Timestamp, f float64) {
	if s.count == 0 {
		s.min, s.minTime, s.max, s.maxTime = f, t, f, t
		s.origin = f
	} else if f < s.min {
		s.min, s.minTime = f, t
	} else if f > s.max {
		s.max, s.maxTime = f, t
	}
	s.count++
	s.sum += f
	d := f - s.origin
	s.dev += d
	s.dev2 += d * d
	if s.digest != nil {
		p.scratch = s.digest.add(f, p.scratch)
	}
}

// finish returns the statistics. window is the length of the window in seconds.
func (s *seriesState) finish(p *pass, window float64) *Series {
	if s.kind == discrete && s.values > 0 {
		if s.epoch == len(s.run.Marks) {
			s.weigh(p, p.sum.To)
		} else {
			s.hold(p)
		}
	}
	r := &Series{
		Series: s.series, Units: s.metric.units, Values: s.values, First: s.first, Last: s.last, Count: s.count, Span: s.span,
		Min: s.min, MinTime: s.minTime, Max: s.max, MaxTime: s.maxTime,
		Gaps: s.gaps, Resets: s.resets, Wraps: s.wraps, Bad: s.bad,
	}
	if window > 0 {
		r.Coverage = min(r.Span/window, 1)
	}
	for _, q := range p.o.Percentiles {
		r.Percentiles = append(r.Percentiles, s.digest.quantile(q/100, p))
	}
	if s.count == 0 {
		r.Min, r.Max, r.TimeAverage, r.Mean, r.StdDev, r.Sum = nan, nan, nan, nan, nan, nan
		return r
	}
	n := float64(s.count)
	r.Mean, r.Sum = s.sum/n, s.sum
	r.StdDev = math.Sqrt(max(0, s.dev2/n-(s.dev/n)*(s.dev/n)))
	r.TimeAverage = r.Mean // without a span, such as for a single value
	if s.span > 0 {
		r.TimeAverage = s.weighted / (s.span * s.scale)
	}
	if s.kind == counter {
		r.Sum = s.weighted
	}
	return r
}
