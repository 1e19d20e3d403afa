package flatten

import (
	"github.com/pcparchive/pcparchive/history"
)

// maxShapes is the maximum number of shapes that a Flattener remembers.
const maxShapes = 64

// knownShape returns the metrics of a step whose shape an earlier step had, by
// position. It returns nil for a new shape. If metricState.shape still equals the
// step's shape, only the values of the metric are new.
func (f *Flattener) knownShape(step *history.Step) []*metricState {
	if step.Shape == nil {
		return nil
	}
	known := f.shapes[step.Shape]
	if known == nil {
		f.learnShape(step)
	}
	return known
}

// learnShape notes the metrics of a shape. A metric that occurs several times in a
// step counts once; nil stands for the others, whose points differ.
func (f *Flattener) learnShape(step *history.Step) {
	if len(f.shapes) == maxShapes {
		clear(f.shapes)
	}
	known := make([]*metricState, len(step.Metrics))
	first := make(map[*metricState]int, len(known))
	for i := range known {
		m := f.state(step.Metrics[i].Metric)
		if j, twice := first[m]; twice {
			known[j] = nil
			continue
		}
		first[m] = i
		known[i] = m
	}
	f.shapes[step.Shape] = known
}

// putValues flattens points that differ from the metric's last points only in
// their values.
func (f *Flattener) putValues(m *metricState, points []history.Point, t int64) error {
	if m.skip {
		return nil
	}
	for i := range points {
		series := m.prev[i].prom
		if series == nil {
			continue
		}
		v, ok := f.value(m, &points[i].Value)
		if !ok {
			continue
		}
		f.one[0].T, f.one[0].V = t, v
		if err := f.dst.Append(&series.Series, f.one[:]); err != nil {
			return err
		}
	}
	return nil
}

// superseded reports whether a sink that keeps the last value of each series needs of all
// steps of a shape the last one only. f has taken the step. Every step of the shape hands
// on a number for each point then, and counts no loss but that of rounding.
//
// An exemplar belongs to the value before it and ends with the series, so after the first
// exemplar every step counts.
func (f *Flattener) superseded(step *history.Step) bool {
	known := f.shapes[step.Shape]
	if known == nil || f.hadExemplars {
		return false
	}
	for i, m := range known {
		if m == nil || m.shape != step.Shape {
			return false
		}
		if m.skip {
			continue
		}
		points := step.Metrics[i].Points
		for j := range points {
			if _, ok := points[j].Value.Number(m.metric.Desc.Type); !ok {
				return false
			}
		}
	}
	return true
}
