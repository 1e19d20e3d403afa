package archive

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/pcp"
)

// Limits of reading ahead. One lead holds at most leadStretches*(leadStretch+leadRecord)
// bytes of records.
const (
	leadStretches = 8
	leadStretch   = 1 << 20 // a stretch ends after so many bytes of payloads
	leadRecords   = 8 << 10 // or after so many records
	leadRecord    = 1 << 20 // a lead stops before a longer record
	leadBuffer    = 128 << 10
)

// lead reads the records of a data volume in a goroutine, before the pass comes to that
// volume. It keeps the payloads that the pass may want and joins nothing, so that the pass
// yields the same as without a lead. At damage, or when it panics, it stops, and the pass goes
// on by itself.
type lead struct {
	r    *Reader
	m    Member
	ids  *idFilter
	stop func() error // of the query; may be nil

	ended atomic.Bool
	free  chan *stretch // limits the stretches in memory
	full  chan *stretch

	// The goroutine sets these before it sends a stretch, or closes full.
	file  *File
	whole bool // the lead has read the volume to its end

	failed *defect.Error // reading panicked; set before full is closed
}

// spareStretches keeps the memory of stretches from one volume to the next.
var spareStretches = sync.Pool{New: func() any { return &stretch{} }}

// leading counts the leads of all passes whose goroutines run.
var leading atomic.Int64

// mayLead reserves a place for a lead. Reading one thing at a time on one processor, nothing
// is to be gained from leads.
func mayLead() bool {
	n := runtime.GOMAXPROCS(0)
	if n > 1 && leading.Add(1) <= 2*int64(n) {
		return true
	}
	if n > 1 {
		leading.Add(-1)
	}
	return false
}

// startLead begins to read a volume ahead. It returns nil if enough leads run.
func (v *view) startLead(m Member) *lead {
	if !mayLead() {
		return nil
	}
	l := &lead{r: v.r, m: m, ids: v.ids, stop: v.q.Stop, free: make(chan *stretch, leadStretches), full: make(chan *stretch, leadStretches)}
	for range leadStretches {
		l.free <- nil
	}
	go l.run()
	return l
}

var errLeadEnds = errors.New("the pass goes on by itself")

func (l *lead) stopped() error {
	switch {
	case l.ended.Load():
		return errLeadEnds
	case l.stop != nil:
		return l.stop()
	}
	return nil
}

func (l *lead) run() {
	defer leading.Add(-1)
	defer close(l.full)
	l.failed = defect.Catch(l.read)
}

func (l *lead) read() {
	s, err := l.r.volumeIn(l.m, 0, leadBuffer, func(*Damage) error { return errLeadEnds }, l.stopped)
	if err != nil || s == nil {
		return
	}
	defer s.f.Close()
	l.file = s.f
	for st := range l.free {
		if st == nil {
			st = spareStretches.Get().(*stretch)
		}
		more := l.fill(s, st)
		l.full <- st
		if !more {
			return
		}
	}
}

// fill fills a stretch and reports whether records may follow.
func (l *lead) fill(s *frameSource, st *stretch) (more bool) {
	st.reset(0)
	for len(st.arena) < leadStretch && len(st.records) < leadRecords {
		if l.stopped() != nil {
			return false
		}
		frame, err := s.next()
		if err != nil {
			l.whole = errors.Is(err, io.EOF)
			return false
		}
		if len(frame.Payload) > leadRecord {
			return false
		}
		l.add(st, frame)
	}
	return true
}

// add adds a record to a stretch.
func (l *lead) add(st *stretch, frame Frame) {
	r := skimmed{off: frame.Pos.Offset, size: int32(len(frame.Payload)), at: notRead}
	stamp, ok := l.r.stamp(frame)
	if r.stamp = stamp; !ok || l.ids == nil || !l.ids.lacks(frame.Payload, l.r.layout.StampSize) {
		r.at = int32(len(st.arena))
		st.arena = append(st.arena, frame.Payload...)
	}
	st.records = append(st.records, r)
	st.to = r.off + int64(r.size) + 8
}

// end ends the goroutine and waits for it.
func (l *lead) end() {
	if l.ended.Swap(true) {
		return
	}
	close(l.free)
	for st := range l.full {
		spareStretches.Put(st)
	}
	for st := range l.free {
		if st != nil {
			spareStretches.Put(st)
		}
	}
}

// mayFollow reports whether a lead of the volume saves time. A plain volume of which all
// records are wanted takes its time when it is decoded.
func (v *view) mayFollow(m Member) bool {
	if v.live || v.back || v.r.opts.Strict || !v.reaches(m) {
		return false
	}
	return m.Compress != "" || v.ids != nil && v.parts(m, 0) == nil
}

// reaches reports whether the query's time surely reaches a volume.
func (v *view) reaches(m Member) bool {
	if v.q.To == pcp.MaxTime || m.Volume == v.r.volumes[0].Volume {
		return true
	}
	i := slices.IndexFunc(v.r.hints, func(e IndexEntry) bool { return int(e.Volume) == m.Volume })
	return i >= 0 && !v.r.hints[i].Stamp.After(v.q.To)
}

// lookAhead begins to read volumes that the pass will come to.
func (v *view) lookAhead(volumes []Member) {
	for _, m := range volumes[:min(len(volumes), runtime.GOMAXPROCS(0))] {
		if v.leads[m.Volume] != nil || !v.mayFollow(m) {
			continue
		}
		l := v.startLead(m)
		if l == nil {
			return
		}
		if v.leads == nil {
			v.leads = map[int]*lead{}
		}
		v.leads[m.Volume] = l
	}
}

// endLeads ends reading ahead.
func (v *view) endLeads() {
	for _, l := range v.leads {
		l.end()
	}
	v.leads = nil
}

// led takes the records that a lead has read. It returns the offset at which reading goes on,
// and whether that is the end of the volume.
func (v *view) led(l *lead) (next int64, over bool, err error) {
	defer l.end()
	for st := range l.full {
		s := &frameSource{f: l.file, lost: v.damaged}
		for i := range st.records {
			if err := v.stopped(); err != nil {
				return 0, false, err
			}
			if err := v.skimmed(s, st, i); err != nil {
				return 0, false, err
			}
		}
		next = max(next, st.to)
		l.free <- st
	}
	if l.failed != nil {
		v.r.warn(l.failed) // the pass may not meet it again
	}
	return next, l.whole, nil
}
