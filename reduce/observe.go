package reduce

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// series is what was recorded of a series.
type series struct {
	interval int  // of the last value
	fresh    bool // no value is written yet
	sum      float64
	count    int    // values in sum
	low      uint32 // the last value of a 32-bit counter
	high     uint64 // what its overflows add up to
	known    bool   // low is set, and no mark followed
	signed   bool   // the counter began below zero, so it has no overflows
}

// advance reads the next recorded step.
func (r *reducer) advance() error {
	step, err, ok := r.next()
	r.step = nil
	if !ok {
		return nil
	}
	if err != nil {
		return unlessUnfinished(err)
	}
	r.step = step
	return nil
}

// observe reads the recorded steps up to a time.
func (r *reducer) observe(t pcp.Timestamp) error {
	for r.step != nil && !r.step.Stamp.After(t) {
		r.report.Read++
		if r.report.Read%cancelInterval == 0 && r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if r.step.Mark {
			for id, s := range r.series {
				if r.step.Ends(id.Target) {
					s.known, s.high = false, 0
				}
			}
		}
		r.recordStep()
		if err := r.advance(); err != nil {
			return err
		}
	}
	return nil
}

// maxShapes bounds the shapes that a reducer keeps.
const maxShapes = 256

// recordStep notes the values of the next recorded step.
func (r *reducer) recordStep() {
	known, ok := r.shapes[r.step.Shape]
	if !ok || r.step.Shape == nil {
		known = r.shapeOf(r.step)
	}
	at := 0
	for i := range r.step.Metrics {
		mv := &r.step.Metrics[i]
		plain := !isNarrow(mv.Metric.Desc) && (!r.o.Mean || mv.Metric.Desc.Sem == pcp.SemCounter)
		for j := range mv.Points {
			s := known[at]
			at++
			if s.interval != r.interval {
				s.interval, s.sum, s.count = r.interval, 0, 0
			}
			if !plain {
				r.record(s, mv.Metric.Desc, &mv.Points[j].Value)
			}
		}
	}
}

// shapeOf returns the series of a step, and keeps them for steps of its shape.
func (r *reducer) shapeOf(step *history.Step) (all []*series) {
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		for j := range mv.Points {
			v := &mv.Points[j].Value
			k := mv.Metric.SeriesID(v.Inst)
			s, ok := r.series[k]
			if !ok {
				s = &series{fresh: true, signed: mv.Metric.Desc.Type == pcp.Type32 && int32(v.Bits) < 0}
				r.series[k] = s
			}
			all = append(all, s)
		}
	}
	if step.Shape != nil {
		if len(r.shapes) >= maxShapes {
			clear(r.shapes)
		}
		r.shapes[step.Shape] = all
	}
	return all
}

// record notes a value of a 32-bit counter, or for a mean.
func (r *reducer) record(s *series, d *meta.Desc, v *history.Value) {
	if isNarrow(d) {
		r.extend(s, uint32(v.Bits))
		return
	}
	if f, ok := v.Number(d.Type); ok && !math.IsNaN(f) {
		s.sum += f
		s.count++
	}
}

// isNarrow reports whether a metric is a 32-bit counter.
func isNarrow(d *meta.Desc) bool {
	return d.Sem == pcp.SemCounter && (d.Type == pcp.Type32 || d.Type == pcp.TypeU32)
}

// extend notes the next value of a 32-bit counter. A decrease by more than half of the range
// is an overflow, another one a reset.
func (r *reducer) extend(s *series, low uint32) {
	if s.known && low < s.low && !r.o.KeepWraps && !s.signed {
		if low-s.low < 1<<31 { // modulo 2³²
			s.high += 1 << 32
			r.report.Unwrapped++
		} else {
			s.high = 0
		}
	}
	s.low, s.known = low, true
}

// point adds the value of a series at the end of an interval, if it was recorded in the
// interval, or if it is the first one.
func (r *reducer) point(m *history.Metric, p *history.Point) {
	d := m.Desc
	s, ok := r.series[m.SeriesID(p.Value.Inst)]
	if !ok || s.interval != r.interval && !s.fresh {
		return
	}
	s.fresh = false
	out := *p
	switch {
	case isNarrow(d):
		out.Value = r.wideValue(d, s, &p.Value)
	case r.o.Mean && s.count > 0 && d.Sem != pcp.SemCounter:
		out.Value = meanValue(d.Type, p.Value.Inst, s.sum/float64(s.count))
	}
	r.points = append(r.points, out)
}

// wideValue returns the value of a 32-bit counter with 64 bits.
func (r *reducer) wideValue(d *meta.Desc, s *series, v *history.Value) history.Value {
	low := uint32(v.Bits)
	bits := s.high + uint64(low)
	switch {
	case d.Type == pcp.Type32 && (r.o.KeepWraps || s.signed):
		bits = uint64(int64(int32(low)))
	case !r.o.KeepWraps && s.known && low < s.low && low-s.low < 1<<31:
		bits += 1 << 32 // it overflows between the record before and the end of the interval
	}
	return history.NumberValue(v.Inst, wideType(d.Type), bits)
}

func wideType(t pcp.Type) pcp.Type {
	switch t {
	case pcp.Type32:
		return pcp.Type64
	case pcp.TypeU32:
		return pcp.TypeU64
	}
	return t
}

// wideDesc returns the descriptor that a metric has in the output.
func wideDesc(d *meta.Desc) *meta.Desc {
	if !isNarrow(d) {
		return d
	}
	wide := *d
	wide.Type = wideType(d.Type)
	return &wide
}

// widened returns a metric as it is in the output.
func (r *reducer) widened(m *history.Metric) *history.Metric {
	if !isNarrow(m.Desc) {
		return m
	}
	w, ok := r.wide[m]
	if !ok {
		c := *m
		c.Desc = wideDesc(m.Desc)
		w = &c
		r.wide[m] = w
	}
	return w
}

// meanValue returns a mean as a value of type t; integers are rounded.
func meanValue(t pcp.Type, inst pcp.InstID, mean float64) history.Value {
	switch t {
	case pcp.Type32:
		return history.WordValue(inst, uint32(int32(math.Round(mean))))
	case pcp.TypeU32:
		return history.WordValue(inst, uint32(math.Round(mean)))
	case pcp.Type64:
		return history.NumberValue(inst, t, uint64(int64(math.Round(mean))))
	case pcp.TypeU64:
		return history.NumberValue(inst, t, uint64(math.Round(mean)))
	case pcp.TypeFloat:
		return history.NumberValue(inst, t, uint64(math.Float32bits(float32(mean))))
	}
	return history.DoubleValue(inst, mean)
}
