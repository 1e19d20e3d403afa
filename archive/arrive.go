package archive

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// follow prepares the timeline for a pass that hands its steps to yield.
func (v *view) follow(yield func(*history.Step, error) bool) {
	v.line.back = v.back
	v.line.use = func(a *arrival) error { return v.take(a, yield) }
	v.line.drop = v.drop
}

// frame takes a record. next is the time of the record that the pass comes to after it, if
// known is set.
func (v *view) frame(s *frameSource, frame Frame, next pcp.Timestamp, known bool) error {
	v.came = v.r.arriving(s, frame)
	return v.arrive(next, known)
}

// arriving returns the arrival of a frame.
func (r *Reader) arriving(s *frameSource, frame Frame) arrival {
	stamp, ok := r.stamp(frame)
	return arrival{src: s, pos: frame.Pos, size: int64(len(frame.Payload)) + 8, stamp: stamp, timed: ok, payload: frame.Payload}
}

// arrive takes the record v.came; see frame.
func (v *view) arrive(next pcp.Timestamp, known bool) error {
	if v.r.opts.Strict {
		return v.line.use(&v.came)
	}
	return v.line.add(&v.came, next, known)
}

// take yields the step of a record.
func (v *view) take(a *arrival, yield func(*history.Step, error) bool) error {
	err := v.takeRecord(a, yield)
	if len(a.lost) > 0 {
		v.lost = true
	}
	return err
}

func (v *view) takeRecord(a *arrival, yield func(*history.Step, error) bool) error {
	v.kind = a.kind
	if a.shape != nil {
		if a.shape.joined.holds(a.stamp) && v.shapes.take(a.shape) {
			return v.loaded(a, yield)
		}
		if err := a.again(); err != nil { // other metadata may be in force than that of the shape
			v.lost = true
			return v.r.noted(a.damage(err))
		}
	}
	if a.payload == nil {
		within, err := v.reach(a.size, a.stamp)
		if err != nil || !within {
			return err
		}
		return v.pass(a.stamp, yield)
	}
	err := v.record(Frame{Pos: a.pos, Payload: a.payload}, yield)
	if err == nil || a.src.strict || !isDamage(err) {
		return err
	}
	v.lost = true
	return v.r.noted(a.damage(err))
}

// loaded yields the step of a record of which a skimmer has taken the values.
func (v *view) loaded(a *arrival, yield func(*history.Step, error) bool) error {
	within, err := v.reach(a.size, a.stamp)
	if err != nil || !within {
		return err
	}
	a.shape.put(a.words)
	return v.repeat(a.shape.joined, a.stamp, yield)
}

// again reads the payload of a record of which a skimmer has taken the values.
func (a *arrival) again() error {
	n := int(a.size)
	b := make([]byte, n)
	if got, _ := a.src.f.d.ReadAt(b, a.pos.Offset); got < n || !framed(b, n) {
		return &pcp.FormatError{File: a.pos.File, Kind: pcp.KindResult, Offset: a.pos.Offset, Detail: "it changed while it was read", Err: pcp.ErrUnfinished}
	}
	a.payload = b[4 : n-4]
	return nil
}

// drop leaves out a record whose time is damaged.
func (v *view) drop(a *arrival, next pcp.Timestamp) error {
	if v.q.Read != nil {
		v.q.Read.Add(a.size)
	}
	if !v.hasMet && (next.Before(v.q.From) || next.After(v.q.To)) {
		return nil // the query does not reach the record
	}
	v.lost = true
	return v.r.noted(a.timeDamage(next))
}

// damage is the damage of the record.
func (a *arrival) damage(err error) *Damage {
	return &Damage{File: a.pos.File, Offset: a.pos.Offset, Bytes: a.size, Next: a.pos.Offset + a.size, Err: err}
}

// timeDamage is the damage of a record that time does not go through. next is the time of the
// record after it.
func (a *arrival) timeDamage(next pcp.Timestamp) *Damage {
	return a.damage(&pcp.FormatError{
		File: a.pos.File, Kind: pcp.KindResult, Offset: a.pos.Offset, Field: "time",
		Detail: a.stamp.String() + ", and the records around it are at about " + next.String(), Err: pcp.ErrRange,
	})
}
