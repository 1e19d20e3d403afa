package archive

import (
	"slices"
	"unsafe"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// joined is the reusable step for the records of one shape.
type joined struct {
	step history.Step
	// The metadata is in force from since to just before until.
	since, until pcp.Timestamp
	metrics      []*metricState // of the step, if records may wait; see waiting
}

// holds reports whether the metadata is in force at t.
func (j *joined) holds(t pcp.Timestamp) bool { return !t.Before(j.since) && t.Before(j.until) }

// keep makes a shape of the record joined last and returns its step.
func (v *view) keep(payload []byte, res *Result) *history.Step {
	j := &joined{since: pcp.MinTime, until: pcp.MaxTime}
	for _, m := range v.found {
		j.since, j.until = later(j.since, m.since), earlier(j.until, m.until)
	}
	if v.q.Superseded != nil {
		j.metrics = slices.Clone(v.found)
	}
	points := slices.Clone(v.points)
	j.step = v.step
	j.step.Metrics = slices.Clone(v.step.Metrics)
	j.step.Shape = history.NewShape(len(points))
	sharePoints(&j.step, points)
	s := newShape(payload, v.r.layout.StampSize, res, func(i int) *history.Value { return &points[i].Value })
	s.joined, s.kind = j, v.kind
	s.memory += int(unsafe.Sizeof(history.MetricValues{}))*len(j.step.Metrics) + int(unsafe.Sizeof(history.Point{}))*len(points)
	if v.q.Superseded != nil {
		s.memory += len(payload)
	}
	v.shapes.add(s)
	if v.work != nil && s.kind != nil {
		v.work.share(&v.shapes)
	}
	return &j.step
}

// repeat yields the step of a record whose values have been loaded.
func (v *view) repeat(j *joined, t pcp.Timestamp, yield func(*history.Step, error) bool) error {
	if t.After(v.q.To) {
		return errStop
	}
	if err := v.met(t, false, yield); err != nil {
		return err
	}
	j.step.Stamp = t
	return v.yield(&j.step, yield)
}
