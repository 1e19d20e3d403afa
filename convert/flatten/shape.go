package flatten

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// maxShapes is how many shapes a Flattener knows at a time.
const maxShapes = 64

// alike returns the metrics of a step that is like one that was flattened
// before, by position; nil if there was none. A metric whose shape still is the
// step's has nothing new but values.
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

// learn notes the metrics of a shape; nil for one that it holds more than once,
// whose points are not the same from place to place.
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

// again flattens points that differ from the metric's last ones in nothing but
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
		if err := f.put(series, prom.Sample{T: t, V: v}); err != nil {
			return err
		}
	}
	return nil
}
