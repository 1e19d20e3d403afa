package store

import (
	"iter"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/pcp"
)

// Backward yields the steps that Steps yields, in reverse order. It must know
// where an archive ends before reading it. If the last volume of an archive is
// compressed, Backward trusts the index for that.
func (s *Set) Backward(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		m := newMergeBack(s, q)
		defer m.stop()
		m.run(yield)
	}
}

func newMergeBack(s *Set, q history.Query) *mergeBack {
	s = s.Until(q.Stop)
	q.Stop = s.stop
	return &mergeBack{merge: merge{s: s, q: q.Bounded(), active: cursors{before: descending}, copies: newCopies(s), ahead: &lookahead{}}}
}

// mergeBack is one pass over a Set from its end.
type mergeBack struct {
	merge
	rest   []*ending     // archives to be opened, by ascending end
	opened bool          // an archive was opened
	above  pcp.Timestamp // time of the step yielded last
}

// ending is an archive with the time of its end.
type ending struct {
	*item
	end  pcp.Timestamp
	over bool // ends before the query begins
}

func (m *mergeBack) run(yield func(*history.Step, error) bool) {
	m.above = pcp.MaxTime
	for i, it := range m.s.items {
		if it.label.Header().Start.After(m.q.To) {
			m.later = append(m.later, it)
			continue
		}
		e := &ending{item: it, over: m.s.endedBefore(i, m.q.From)}
		var err error
		if e.end, err = it.ending(m.q.Stop); err != nil {
			if m.stopped = halt.Asked(m.q.Stop); m.stopped != nil {
				break
			}
			it.report(Problem{Archive: it.label.Base(), Skipped: true, Err: err})
			continue
		}
		m.rest = append(m.rest, e)
	}
	slices.SortStableFunc(m.rest, func(a, b *ending) int { return a.end.Compare(b.end) })
	for {
		for m.stopped == nil && len(m.rest) > 0 && m.due() {
			e := m.rest[len(m.rest)-1]
			m.rest = m.rest[:len(m.rest)-1]
			if !m.begin(e, yield) {
				return
			}
		}
		if m.stopped != nil {
			yield(nil, m.stopped)
			return
		}
		if len(m.active.all) == 0 {
			return
		}
		c := m.active.all[0]
		m.above, c.head.Part = c.head.Stamp, c.part
		m.dropCopies(c)
		if !yield(c.head, nil) {
			return
		}
		m.advance(c)
	}
}

// descending is the order of cursors for Backward. Among steps of the same time, Steps yields
// the archive that begins first, so that which begins last comes first.
func descending(a, b *cursor) bool {
	if n := a.head.Stamp.Compare(b.head.Stamp); n != 0 {
		return n > 0
	}
	if n := a.start().Compare(b.start()); n != 0 {
		return n > 0
	}
	return a.r.Base() > b.r.Base()
}

// due reports whether the archive with the latest end must be opened before the
// next step is yielded. As in Steps, two archives have a gap between them if
// one ends when the other begins, unless they begin together.
func (m *mergeBack) due() bool {
	e := m.rest[len(m.rest)-1]
	if len(m.active.all) == 0 {
		return true
	}
	if n := m.active.all[0].head.Stamp.Compare(e.end); n != 0 {
		return n < 0
	}
	return !m.active.anyAt(e.end, func(c *cursor) bool { return c.start() != e.label.Header().Start })
}

// begin opens an archive unless it lies outside the query. If no other archive
// is open it yields the mark that follows the archive. It returns false to
// stop.
func (m *mergeBack) begin(e *ending, yield func(*history.Step, error) bool) bool {
	if e.over {
		return true
	}
	r := e.load(m.q.Stop)
	if r == nil {
		m.stopped = halt.Asked(m.q.Stop)
		return true
	}
	m.gap = len(m.active.all) == 0
	c := &cursor{it: e.item, r: r, last: r.Pass(m.q).Last, part: m.takePart(r.Base())}
	c.pull, c.stop = iter.Pull2(r.Backward(m.q))
	if m.activate(c); c.head == nil {
		return true
	}
	m.gapFrom, m.marked = e.end, c.head.Mark
	if c.head.Stamp.After(m.gapFrom) {
		m.gapFrom = c.head.Stamp
	}
	mark, ok := m.between(m.above)
	ok = ok && (m.opened || slices.ContainsFunc(m.later, m.readable))
	m.opened = true
	return !ok || yield(mark, nil)
}
