package archive

import (
	"encoding/binary"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// waiting holds records of shapes whose steps a later record may replace, see
// [history.Query].Superseded. A record of a settled shape waits, neither loaded nor yielded.
// The next record of the shape takes its place. Any other record makes them all go first, so
// that steps are yielded in stored order.
type waiting struct {
	shapes []*shape // in stored order of the records that wait
	bytes  int      // of all records that had to wait since the last settle
}

// deferral is what a shape has for records that wait.
type deferral struct {
	settled bool // a step of the shape was yielded, and its reader needs the last one only
	payload []byte
	stamp   pcp.Timestamp
}

// waitMost is the number of bytes after which waiting records are yielded, so that a reader
// can show its progress and end the pass.
const waitMost = 4 << 20

// waits reports whether a record waits. It is the record read last.
func (v *view) waits(payload []byte, t pcp.Timestamp) bool {
	if v.q.Superseded == nil || v.live || v.back || v.ids != nil || v.lost || !v.ascends(t) {
		return false
	}
	i := slices.IndexFunc(v.shapes.all, func(s *shape) bool { return s.settled && s.mayWait(payload) })
	w := &v.waiting
	if i < 0 || !v.shapes.all[i].joined.holds(t) || w.bytes > waitMost {
		return false
	}
	s := v.shapes.use(i)
	s.payload, s.stamp = append(s.payload[:0], payload...), t
	if at := slices.Index(w.shapes, s); at >= 0 {
		w.shapes = slices.Delete(w.shapes, at, at+1)
	}
	w.shapes = append(w.shapes, s)
	w.bytes += len(payload)
	v.at, v.atMark, v.hasMet = t, false, true
	return true
}

// ascends reports whether the time of the record read last is possible and not before that
// of an earlier record.
func (v *view) ascends(t pcp.Timestamp) bool {
	const far = 1 << 40
	return t == v.last && t.Sec > -far && t.Sec < far && t.Nsec >= 0 && t.Nsec < 1e9
}

// mayWait reports whether a payload has the shape, and no integer that a float64 cannot hold.
func (s *shape) mayWait(payload []byte) bool {
	if !s.fits(payload) {
		return false
	}
	same := func(off, head uint32) bool { return binary.BigEndian.Uint32(payload[off:]) == head }
	for i := range s.doubles {
		w := &s.doubles[i]
		if !same(w.off, w.head) {
			return false
		}
		if bits := binary.BigEndian.Uint64(payload[w.off+4:]); bits > 1<<53 {
			if v := (history.Value{Type: pcp.Type(w.head >> 24), Bits: bits}); !v.Exact() {
				return false
			}
		}
	}
	for i := range s.halves {
		if !same(s.halves[i].off, s.halves[i].head) {
			return false
		}
	}
	for i := range s.datas {
		if !same(s.datas[i].off, s.datas[i].head) {
			return false
		}
	}
	return true
}

// settle yields the steps of the records that wait.
func (v *view) settle(yield func(*history.Step, error) bool) error {
	w := &v.waiting
	if len(w.shapes) == 0 {
		return nil
	}
	w.bytes = 0
	for i, s := range w.shapes {
		s.load(s.payload)
		s.joined.step.Stamp = s.stamp
		if !yield(&s.joined.step, nil) {
			w.shapes, v.enough = nil, true
			return errStop
		}
		w.shapes[i] = nil
	}
	w.shapes = w.shapes[:0]
	return nil
}

// judge decides whether the records of the shape of a step that was yielded may wait. A step
// that its reader needs in any case makes the reader take a step of every shape anew.
func (v *view) judge(step *history.Step) {
	if step.Mark || step.Shape == nil {
		v.unsettle()
		return
	}
	s := v.shapes.all[0]
	if s.settled {
		return
	}
	if !v.q.Superseded(step) {
		v.unsettle()
		return
	}
	for _, m := range s.joined.metrics {
		if m.settled != nil {
			m.settled.settled = false // the reader joins the metric's steps of both shapes
		}
		m.settled = s
	}
	s.settled = true
}

// unsettle makes records of all shapes go to the reader again before any may wait.
func (v *view) unsettle() {
	for _, s := range v.shapes.all {
		s.settled = false
	}
}
