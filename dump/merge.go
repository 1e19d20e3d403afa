package dump

import (
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// merge yields the data records of all archives by ascending time, or by descending
// time in reverse, and a mark in each gap between archives. It opens an archive when
// the time comes and closes it after its last record.
type merge struct {
	d       *dumper
	waiting []*input // archives to open, the next one first
	active  []*input // archives whose head is to be listed
	listed  *input   // the archive whose head next returned last; nil after a mark
	gap     *input   // the archive after which no other was active; nil without a gap
	mark    archive.Result
}

func (d *dumper) newMerge() *merge {
	m := &merge{d: d, waiting: slices.Clone(d.inputs)}
	if d.o.Reverse {
		slices.SortStableFunc(m.waiting, func(a, b *input) int { return b.lastTime().Compare(a.lastTime()) })
	}
	return m
}

// next returns a record with its archive and its length in the file. A mark between
// archives has no archive. After the last record the record is nil.
func (m *merge) next() (in *input, size int, res *archive.Result, err error) {
	if m.listed != nil {
		if err := m.advance(m.listed); err != nil {
			return nil, 0, nil, err
		}
		m.listed = nil
	}
	for len(m.waiting) > 0 && m.isDue(m.waiting[0]) {
		in := m.waiting[0]
		m.waiting = m.waiting[1:]
		if err := m.begin(in); err != nil {
			return nil, 0, nil, err
		}
	}
	if len(m.active) == 0 {
		return nil, 0, nil, nil
	}
	in = slices.MinFunc(m.active, func(a, b *input) int { return m.compare(a.head.Stamp, b.head.Stamp) })
	if m.markBefore(in.head.Stamp) {
		return nil, m.d.markSize(), &m.mark, nil
	}
	m.listed = in
	return in, in.size, in.head, nil
}

// compare orders two times in the direction of the listing.
func (m *merge) compare(a, b pcp.Timestamp) int {
	if m.d.o.Reverse {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// isDue reports whether an archive may hold the next record.
func (m *merge) isDue(in *input) bool {
	first := in.start()
	if m.d.o.Reverse {
		first = in.lastTime()
	}
	return !slices.ContainsFunc(m.active, func(a *input) bool { return m.compare(a.head.Stamp, first) < 0 })
}

// begin reads the first record of an archive.
func (m *merge) begin(in *input) error {
	in.walk.seek(wholeIndex(in.r), m.d.firstTime(in))
	m.active = append(m.active, in)
	return m.advance(in)
}

// advance reads the next record of an archive. At its end, and after damage that
// hides the rest of it, the archive is no longer active. Damage is an error only if
// there is no other archive to go on with.
func (m *merge) advance(in *input) error {
	err := in.advance()
	if err == nil {
		return nil
	}
	m.active = slices.DeleteFunc(m.active, func(a *input) bool { return a == in })
	if len(m.active) == 0 && in.read {
		m.gap = in
	}
	in.release()
	if atEnd(err) {
		return nil
	}
	if len(m.d.inputs) == 1 {
		return err
	}
	m.d.fault(err)
	return nil
}

// markBefore reports whether a mark precedes the record at t, and sets mark. The
// mark never passes the record.
func (m *merge) markBefore(t pcp.Timestamp) bool {
	if m.gap == nil {
		return false
	}
	edge, distance := m.gap.walk.origin, archive.MarkAfter
	if m.d.o.Reverse {
		edge, distance = m.gap.start(), -archive.MarkAfter
	}
	m.gap = nil
	if m.compare(edge, t) >= 0 {
		return false
	}
	m.mark = archive.Result{Stamp: edge.Add(distance)}
	if m.compare(m.mark.Stamp, t) > 0 {
		m.mark.Stamp = t
	}
	return true
}

// markSize returns the length that a mark has in the version of the first archive.
func (d *dumper) markSize() int {
	layout, _ := wire.For(d.inputs[0].r.Header().Version)
	return 4 + layout.StampSize + 4 + 4
}

// firstTime returns the time at which the listing of an archive's records begins.
func (d *dumper) firstTime(in *input) pcp.Timestamp {
	switch {
	case d.o.Reverse && d.o.To.IsZero():
		return in.lastTime()
	case d.o.Reverse:
		return d.o.To
	case d.o.From.IsZero(), len(d.inputs) > 1 && d.o.From.Before(in.start()):
		return in.start()
	}
	return d.o.From
}
