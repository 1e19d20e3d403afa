package archive

import (
	"iter"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metaSlip is by how much the times of metadata records may go back. A logger writes records
// of several sources, each with the time at which it asked for them.
const metaSlip = time.Second

// MetaRecords yields the records of the metadata file as [Reader.Records] does, for copies: a
// record whose time is damaged has the time from which on the Reader uses it. A [*Damage]
// precedes it.
func (r *Reader) MetaRecords() iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) {
		yieldError(r.metaRecords(yield, func(s *frameSource) error {
			use := func(a *arrival) error {
				if !yield(Located{Pos: a.pos, Size: a.size, Record: a.rec}, nil) {
					return errStop
				}
				return nil
			}
			return r.readTimed(s, r.newMetaTimes(use, yieldDamage(r, r.meta, yield)))
		}), yield)
	}
}

// metaTimes corrects the times of metadata records that their neighbours contradict; see
// isOutlier. A record holds until the next one of its kind, so that leaving it out would cost
// more than the record.
type metaTimes struct {
	r    *Reader
	line timeline
	good pcp.Timestamp // time of the last record
	use  func(a *arrival) error
	lost func(*Damage) error
	held []arrival // records without a time that follow one that waits
	seen map[metaSubject]struct{}
}

// metaSubject is what a timed metadata record describes.
type metaSubject struct {
	level labelset.Level // 0 for an instance domain
	ident uint32
}

// subject returns what a timed metadata record describes.
func subject(r Record) (d metaSubject) {
	switch r := r.(type) {
	case *meta.InDom:
		d.ident = uint32(r.ID)
	case *meta.InDomDelta:
		d.ident = uint32(r.ID)
	case *meta.Labels:
		d = metaSubject{r.Level, r.Ident}
	}
	return d
}

// newMetaTimes returns metaTimes that hand on the records to use and damage to lost.
func (r *Reader) newMetaTimes(use func(a *arrival) error, lost func(*Damage) error) *metaTimes {
	m := &metaTimes{r: r, good: r.header.Start, use: use, lost: lost, seen: map[metaSubject]struct{}{}}
	m.line = timeline{use: m.take, drop: m.correct}
	m.line.passed(r.header.Start)
	return m
}

// add takes a record of the metadata file.
func (m *metaTimes) add(rec Record, pos Pos, size int64) error {
	a := arrival{pos: pos, size: size, rec: rec}
	stamp := metaStamp(rec)
	if stamp == nil || stamp.IsZero() || m.r.opts.Strict {
		if len(m.line.queue) > 0 {
			m.held = append(m.held, a)
			return nil
		}
		return m.use(&a)
	}
	a.stamp, a.timed = *stamp, possible(*stamp)
	if !a.timed { // it says nothing about others, which bound it
		m.line.watch = neighbours + 1
	}
	return m.line.add(&a, pcp.Timestamp{}, false)
}

// end hands on the records that wait for others. The last index entry bounds their times.
func (m *metaTimes) end() error {
	queue, hints := m.line.queue, m.r.hints
	if len(queue) == 0 || len(hints) == 0 || hints[len(hints)-1].Meta <= queue[len(queue)-1].pos.Offset {
		return m.line.flush()
	}
	bound := hints[len(hints)-1].Stamp
	for i := range queue {
		queue[i].examine = queue[i].examine || queue[i].stamp.After(bound)
	}
	return m.line.flush(bound)
}

// take hands on a record with a good time, and mends an impossible one.
func (m *metaTimes) take(a *arrival) error {
	if a.timed {
		m.good = a.stamp
		return m.handOn(a)
	}
	a.stamp, a.timed = *metaStamp(a.rec), true
	next := m.good
	if len(m.line.queue) > 0 {
		next = m.line.queue[0].stamp
	}
	return m.mend(a, next)
}

// handOn hands on a record and those without a time that follow it, so that the order of the
// file stays.
func (m *metaTimes) handOn(a *arrival) error {
	if a.timed {
		m.seen[subject(a.rec)] = struct{}{}
	}
	if err := m.use(a); err != nil {
		return err
	}
	for len(m.held) > 0 && (len(m.line.queue) == 0 || m.held[0].pos.Offset < m.line.queue[0].pos.Offset) {
		if err := m.use(&m.held[0]); err != nil {
			return err
		}
		m.held = m.held[1:]
	}
	return nil
}

// correct mends a time that its neighbours contradict by more than metaSlip. next is the time
// of the record after it. A time before the archive is good if it is the first for what the record
// describes and no bit of it is damaged: a part of an archive may keep the times of what was in
// force before.
func (m *metaTimes) correct(a *arrival, next pcp.Timestamp) error {
	if _, again := m.seen[subject(a.rec)]; !again && a.stamp.Before(m.r.header.Start) && len(flipped(m.r.layout, a.stamp, m.good, next)) == 0 {
		return m.handOn(a)
	}
	if !a.stamp.Before(m.good.Add(-metaSlip)) && !a.stamp.After(next.Add(metaSlip)) {
		return m.take(a)
	}
	return m.mend(a, next)
}

// mend hands on a record with another time.
func (m *metaTimes) mend(a *arrival, next pcp.Timestamp) error {
	from := between(m.r.layout, a.stamp, m.good, next)
	err := m.lost(&Damage{File: a.pos.File, Offset: a.pos.Offset, Next: -1, Err: &pcp.FormatError{
		File: a.pos.File, Kind: a.rec.Kind(), Offset: a.pos.Offset, Field: "time",
		Detail: a.stamp.String() + ", which the records around it contradict; it counts from " + from.String() + " on", Err: pcp.ErrRange,
	}})
	if err != nil {
		return err
	}
	a.stamp, *metaStamp(a.rec) = from, from
	return m.take(a)
}

// flipped returns the times in an interval that differ from a damaged one by one bit of its
// stored form.
func flipped(l *wire.Layout, damaged, from, to pcp.Timestamp) (found []pcp.Timestamp) {
	stored := l.AppendStamp(nil, damaged)
	for bit := range 8 * len(stored) {
		stored[bit/8] ^= 1 << (bit % 8)
		d := wire.NewDec(pcp.KindNone, stored)
		if t := l.Stamp(&d); possible(t) && !t.Before(from) && !t.After(to) {
			found = append(found, t)
		}
		stored[bit/8] ^= 1 << (bit % 8)
	}
	return found
}

// between returns the time in an interval that differs from a damaged time by one bit of its
// stored form. Of several it prefers an end of the interval, because a logger writes several
// records of one time. Else it returns the beginning of the interval.
func between(l *wire.Layout, damaged, from, to pcp.Timestamp) pcp.Timestamp {
	found := flipped(l, damaged, from, to)
	whole := pcp.Timestamp{Sec: damaged.Sec} // if only the fraction is damaged
	switch {
	case len(found) == 1:
		return found[0]
	case slices.Contains(found, to) && !slices.Contains(found, from):
		return to
	case !possible(damaged) && whole.After(from) && !whole.After(to):
		return whole
	}
	return from
}
