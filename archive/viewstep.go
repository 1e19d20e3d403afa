package archive

import (
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// record yields the step of a data record if the query selects it.
func (v *view) record(frame Frame, yield func(*history.Step, error) bool) error {
	if stamp, ok := v.r.stamp(frame); ok {
		within, err := v.reach(int64(len(frame.Payload))+8, stamp)
		if err != nil || !within {
			return err
		}
		if v.waits(frame.Payload, stamp) {
			return nil
		}
		if err := v.settle(yield); err != nil {
			return err
		}
		if s := v.shapes.find(frame.Payload); s != nil && s.joined.holds(stamp) {
			return v.repeat(s.joined, stamp, yield)
		} else if s != nil {
			v.shapes.drop(s)
		} else if v.ids != nil && v.ids.lacks(frame.Payload, v.r.layout.StampSize) {
			return v.pass(stamp, yield)
		}
	} else {
		if v.q.Read != nil {
			v.q.Read.Add(int64(len(frame.Payload)) + 8)
		}
		if err := v.settle(yield); err != nil {
			return err
		}
	}
	v.found = v.found[:0]
	res, err := v.rd.decodeAny(frame.Payload)
	if err != nil {
		return locate(err, frame.Pos, 4)
	}
	if res.Stamp.After(v.q.To) {
		return errStop
	}
	if err := v.met(res.Stamp, v.rd.mark, yield); err != nil {
		return err
	}
	step := v.join(res, v.rd.mark)
	if !step.Mark && !v.events && v.shapes.worth(len(frame.Payload)) {
		step = v.keep(frame.Payload, res)
	}
	return v.yield(step, yield)
}

// reach counts a record of a time, and reports whether that is within the query. An error
// ends the pass.
func (v *view) reach(size int64, t pcp.Timestamp) (within bool, err error) {
	if v.q.Read != nil {
		v.q.Read.Add(size)
	}
	if v.back {
		if !t.Before(v.q.From) {
			v.under = false
			return !t.After(v.q.To), nil
		}
		if v.under {
			return false, errStop
		}
		v.under = true // nothing may show that the time is damaged
		return false, nil
	}
	v.last = later(v.last, t)
	if t.After(v.q.To) {
		return false, errStop
	}
	if t.Before(v.q.From) {
		v.lost = v.lost && v.hasMet // no record precedes the damage
		return false, nil
	}
	return true, nil
}

// pass yields the step of a record of which the query selects no value.
func (v *view) pass(t pcp.Timestamp, yield func(*history.Step, error) bool) error {
	if err := v.met(t, false, yield); err != nil {
		return err
	}
	v.step.Stamp, v.step.Mark, v.step.Metrics = t, false, v.step.Metrics[:0]
	return v.yield(&v.step, yield)
}

// yield yields a step unless it is empty and the query does not ask for empty
// steps.
func (v *view) yield(step *history.Step, yield func(*history.Step, error) bool) error {
	if len(step.Metrics) == 0 && !step.Mark && !v.q.All {
		return nil
	}
	if !yield(step, nil) {
		v.enough = true
		return errStop
	}
	if v.q.Superseded != nil {
		v.judge(step)
	}
	return nil
}

// grown updates v after metadata was added to the store. Pointers to unchanged
// metadata stay the same.
func (v *view) grown() {
	v.prev, v.shapes = nil, shapes{}
	for id, m := range v.metrics {
		m.next = nil // next may be deleted below
		if m.desc == nil && !m.refused {
			delete(v.metrics, id)
		}
		m.until = pcp.Timestamp{Sec: math.MinInt64}
	}
}
