package archive

import (
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// maxHeld is the number of bytes of records that a timeline holds back.
const maxHeld = 16 << 20

// arrival is a record to which a pass comes.
type arrival struct {
	src     *frameSource
	pos     Pos
	size    int64 // stored length
	stamp   pcp.Timestamp
	timed   bool   // the record is long enough to have a time
	payload []byte // nil if the pass wants no value, or shape is set

	kind  *recordKind // nil if only its value sets tell what it holds
	shape *shape      // of which the record has words; see shape.extract
	words []uint64

	rec Record // of a metadata record

	examine bool      // the time may be damaged
	lost    []*Damage // damage that follows
}

// timeline finds the records of a pass whose time is damaged; see isOutlier. It hands on a
// record at once and without a copy unless time goes back or leaps nearby. Then the record
// waits for those that follow it.
type timeline struct {
	back bool // the pass is backwards
	// use takes a record in the order of the pass, drop one whose time is damaged. next is the
	// time of the record after it.
	use  func(a *arrival) error
	drop func(a *arrival, next pcp.Timestamp) error

	recent [neighbours]pcp.Timestamp // times of the records that were handed on, a ring
	gone   int                       // number of records that were handed on
	watch  int                       // number of records to examine after an event
	queue  []arrival
	bytes  int // length of the payloads in queue
}

// last returns the time of the record that came last.
func (l *timeline) last() (t pcp.Timestamp, ok bool) {
	if n := len(l.queue); n > 0 {
		return l.queue[n-1].stamp, true
	}
	if l.gone == 0 {
		return t, false
	}
	return l.recent[(l.gone-1)%neighbours], true
}

// fresh reports whether no record came yet.
func (l *timeline) fresh() bool { return l.gone == 0 && len(l.queue) == 0 }

// passed notes the time of a record before the next one.
func (l *timeline) passed(t pcp.Timestamp) {
	l.recent[l.gone%neighbours] = t
	l.gone++
}

// before returns the times of the records handed on last, in their order.
func (l *timeline) before() []pcp.Timestamp {
	all := make([]pcp.Timestamp, 0, 2*neighbours+2)
	for i := max(0, l.gone-neighbours); i < l.gone; i++ {
		all = append(all, l.recent[i%neighbours])
	}
	return all
}

// inOrder is the function inOrder for the direction of the pass.
func (l *timeline) inOrder(t, next pcp.Timestamp) bool {
	if l.back {
		return inOrder(next, t)
	}
	return inOrder(t, next)
}

// leaps reports whether the time between two records may be due to damage.
func (l *timeline) leaps(last, t pcp.Timestamp) bool {
	const seconds = int64(leap / time.Second)
	if d := t.Sec - last.Sec; d < seconds && d > -seconds {
		return false
	}
	before := l.before()
	if l.back {
		slices.Reverse(before)
	}
	return t.Sub(last).Abs() > leapOf(before)
}

// event reports whether time goes back or leaps to a record, or goes back to the next one.
func (l *timeline) event(t, next pcp.Timestamp, known bool) bool {
	if known && !l.inOrder(t, next) {
		return true
	}
	last, ok := l.last()
	return ok && (!l.inOrder(last, t) || l.leaps(last, t))
}

// contradicted reports whether the time of a record is damaged. The next record is the only
// one that follows.
func (l *timeline) contradicted(t, next pcp.Timestamp) bool {
	times := append(l.before(), t, next)
	return isOutlier(times, len(times)-2)
}

// add takes a record whose payload is valid until add returns. next is the time of the record
// after it if known is set.
func (l *timeline) add(a *arrival, next pcp.Timestamp, known bool) error {
	if !a.timed { // its damage is no matter of time
		a.stamp, _ = l.last()
		next = a.stamp
	}
	if l.event(a.stamp, next, known) {
		l.watch = neighbours + 1
		if n := len(l.queue); n > 0 {
			l.queue[n-1].examine = true
		}
	}
	if a.examine = l.watch > 0; a.examine {
		l.watch--
	}
	for len(l.queue) > 0 && !l.queue[0].examine {
		if err := l.release(); err != nil {
			return err
		}
	}
	if known && !a.examine && len(l.queue) == 0 {
		l.passed(a.stamp)
		return l.use(a)
	}
	l.hold(a)
	for len(l.queue) > neighbours || l.bytes > maxHeld {
		if err := l.release(); err != nil {
			return err
		}
	}
	return nil
}

// hold adds a record to the queue.
func (l *timeline) hold(a *arrival) {
	a.payload, a.words = slices.Clone(a.payload), slices.Clone(a.words)
	l.bytes += len(a.payload)
	l.queue = append(l.queue, *a)
}

// release hands on the first record of the queue, or drops it. beyond are times that the
// records after the queue do not exceed.
func (l *timeline) release(beyond ...pcp.Timestamp) error {
	a := l.queue[0]
	judge := a.examine && a.timed
	var times []pcp.Timestamp
	var i int
	if judge {
		times = l.before()
		i = len(times)
		for j := range l.queue {
			if l.queue[j].timed {
				times = append(times, l.queue[j].stamp)
			}
		}
		times = append(times, beyond...)
	}
	l.queue = slices.Delete(l.queue, 0, 1)
	l.bytes -= len(a.payload)
	l.passed(a.stamp)
	if !judge || i+1 >= len(times) {
		return l.use(&a)
	}
	next := times[i+1]
	if l.back {
		slices.Reverse(times)
		i = len(times) - 1 - i
	}
	if isOutlier(times, i) {
		return l.drop(&a, next)
	}
	return l.use(&a)
}

// flush hands on the records of the queue; see release.
func (l *timeline) flush(beyond ...pcp.Timestamp) error {
	for len(l.queue) > 0 {
		if err := l.release(beyond...); err != nil {
			return err
		}
	}
	return nil
}

// lose notes damage after the record that came last. It returns false if that was handed on.
func (l *timeline) lose(d *Damage) bool {
	n := len(l.queue)
	if n > 0 {
		l.queue[n-1].lost = append(l.queue[n-1].lost, d)
	}
	return n > 0
}

// begin prepares a timeline for a pass that begins in the first of some volumes at an offset.
func (r *Reader) begin(l *timeline, volumes []Member, offset int64) {
	if offset == 0 && len(volumes) == len(r.volumes) {
		l.passed(r.header.Start)
	}
}

// boundAfter returns the time of the last index entry if that points at the record at pos
// or after it, so that the record is not later.
func (r *Reader) boundAfter(pos Pos) []pcp.Timestamp {
	n := len(r.hints)
	if n == 0 || int(r.hints[n-1].Volume) != pos.Volume || r.hints[n-1].Data < pos.Offset {
		return nil
	}
	return []pcp.Timestamp{r.hints[n-1].Stamp}
}

// boundOf returns what boundAfter does for the last record of the queue.
func (r *Reader) boundOf(l *timeline) []pcp.Timestamp {
	if n := len(l.queue); n > 0 && !l.back {
		return r.boundAfter(l.queue[n-1].pos)
	}
	return nil
}
