package store

import (
	"iter"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/pcp"
)

// Steps yields the steps of all archives by ascending time, as
// [archive.Reader.Steps] does for one archive. If an archive ends before the
// next begins, Steps yields a mark one millisecond after its last record,
// because what happened in between is unknown. Steps of overlapping archives
// are interleaved. If archives are copies of one recording, Steps yields what they
// have in common once. Damage does not end the sequence: Problems lists it, and
// reading continues after it as in [archive.Reader.Steps].
func (s *Set) Steps(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		m := newMerge(s, q, nil)
		defer m.stop()
		m.run(yield)
	}
}

func newMerge(s *Set, q history.Query, outlines map[string]*Outline) *merge {
	s = s.Until(q.Stop)
	q.Stop = s.stop
	m := &merge{s: s, q: q.Bounded(), active: cursors{before: ascending}, copies: newCopies(s), outlines: outlines}
	if m.copies != nil { // dropCopies finds the steps of one time in all of them
		m.q.Superseded = nil
	}
	m.ahead = newLookahead(s.items, m.q.From, m.q.To, &m.q, m.q.Stop, func(it *item) bool { return outlines[it.label.Base()] != nil })
	return m
}

// merge is one pass over a Set.
type merge struct {
	s      *Set
	q      history.Query
	next   int // index in s.items of the archive to open next
	active cursors
	begun  int              // archives that became active
	newest pcp.Timestamp    // latest start of those
	latest int              // active archives that begin at newest
	copies copies           // nil if no archive may be a copy
	places map[pcp.PMID]int // of the metrics of a step, reused
	ended  pcp.Timestamp    // latest end of the archives that were read to their end
	marked bool             // the step yielded last is a mark, or none was yielded yet
	mark   history.Step
	// gap says that no archive is open. The last one ended at gapFrom.
	gap     bool
	gapFrom pcp.Timestamp
	later   []*item // archives that begin after the query
	parts   []part  // by history.Step.Part

	ahead    *lookahead
	outlines map[string]*Outline // by base path; see Outlined
	stopped  error               // why the query's Stop ended the pass
	overlap  bool                // an archive with an outline overlaps another one
}

// stop releases the cursors.
func (m *merge) stop() {
	for _, c := range m.active.all {
		c.stop()
	}
	m.ahead.end()
}

// run yields the steps until yield returns false.
func (m *merge) run(yield func(*history.Step, error) bool) {
	m.marked = true
	for {
		if m.last() && !m.alone(yield) {
			return
		}
		for m.stopped == nil && m.next < len(m.s.items) && m.due(m.s.items[m.next]) {
			m.begin(m.s.items[m.next])
			m.next++
		}
		if m.overlap {
			yield(nil, ErrOverlap)
			return
		}
		if m.stopped != nil {
			yield(nil, m.stopped)
			return
		}
		if len(m.active.all) == 0 {
			if mark, ok := m.between(pcp.MaxTime); ok && slices.ContainsFunc(m.later, m.readable) {
				yield(mark, nil)
			}
			return
		}
		c := m.active.all[0]
		if mark, ok := m.between(c.head.Stamp); ok && !yield(mark, nil) {
			return
		}
		if err := c.begun(); err != nil {
			yield(nil, err)
			return
		}
		m.marked, c.head.Part = c.head.Mark, c.part
		m.parts[c.part].unmarked = !c.head.Mark
		if c.outline && c.head.Mark {
			c.head.Part = history.AllParts // no other archive overlaps it
		}
		m.dropCopies(c)
		if !yield(c.head, nil) {
			return
		}
		m.advance(c)
	}
}

// due reports whether an archive, the next one, must be opened before the next step is
// yielded. Archives that begin together are opened together.
func (m *merge) due(it *item) bool {
	if len(m.active.all) == 0 {
		return true
	}
	start := it.label.Header().Start
	return m.latest > 0 && start == m.newest || start.Before(m.active.all[0].head.Stamp)
}

// wanted reports whether an archive, the next one, has records of the query's time.
func (m *merge) wanted(it *item) bool {
	if it.label.Header().Start.After(m.q.To) {
		m.later = append(m.later, it)
		return false
	}
	return !m.s.endedBefore(m.next, m.q.From)
}

// begin opens an archive unless it lies outside the query.
func (m *merge) begin(it *item) {
	if !m.wanted(it) {
		return
	}
	c := m.open(it)
	if c == nil {
		return
	}
	m.overlap = m.overlap || m.overlaps(c)
	c.part = m.takePart(it.label.Base())
	m.activate(c)
}

// open returns a cursor over an archive, nil if the archive cannot be opened.
func (m *merge) open(it *item) *cursor {
	if o := m.outlines[it.label.Base()]; o != nil {
		return m.outlined(it, o)
	}
	pass := m.pass(it)
	if pass == nil {
		return nil
	}
	c := &cursor{it: it, r: pass.Reader(), last: pass.Last}
	c.pull, c.stop = iter.Pull2(pass.Steps())
	return c
}

// pass returns a pass over an archive, nil if the archive cannot be opened.
func (m *merge) pass(it *item) *archive.Pass {
	a := m.ahead.take(it)
	if a != nil {
		<-a.done
	}
	r := it.load(m.q.Stop)
	switch {
	case r == nil:
		m.stopped = halt.Asked(m.q.Stop) // else the archive cannot be opened
		return nil                       // then a has no pass
	case a != nil && a.r == r:
		return a.pass
	case a != nil:
		a.end() // the metadata was dropped meanwhile
	}
	return r.Pass(m.q)
}

// fail reports the error that ended an archive, unless the query ended it.
func (m *merge) fail(c *cursor, err error) {
	m.stopped = halt.Asked(m.q.Stop)
	if m.stopped == nil {
		c.it.report(Problem{Archive: c.r.Base(), Err: err})
	}
}

// close ends the part of an archive that was read to its end, but not that of an archive that
// goes on after the query: no other archive continues it.
func (m *merge) close(c *cursor) {
	last := c.last()
	goesOn := last.After(m.q.To)
	if !goesOn {
		m.handOver(c)
	}
	m.parts[c.part].open = goesOn
	if last.After(m.ended) {
		m.ended = last
	}
	if len(m.active.all) == 0 && !m.gap {
		m.gap, m.gapFrom = true, m.ended
	}
}

// between returns the mark to be yielded before a step at the given time, if
// there is a gap.
func (m *merge) between(before pcp.Timestamp) (*history.Step, bool) {
	if !m.gap {
		return nil, false
	}
	m.gap = false
	t := m.gapFrom.Add(archive.MarkAfter)
	if t.After(before) {
		t = before
	}
	if m.marked && !m.unmarked() || t.Before(m.gapFrom) || t.Before(m.q.From) || t.After(m.q.To) {
		return nil, false
	}
	for i := range m.parts {
		m.parts[i].unmarked = false
	}
	m.mark = history.Step{Stamp: t, Mark: true, Implied: true, Part: history.AllParts}
	return &m.mark, true
}

// readable reports whether an archive can be opened.
func (m *merge) readable(it *item) bool { return it.readable(m.q.Stop) }

// unmarked reports whether the last step of some part is not a mark.
func (m *merge) unmarked() bool {
	return slices.ContainsFunc(m.parts, func(p part) bool { return p.unmarked })
}
