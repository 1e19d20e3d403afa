package store

import (
	"iter"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Backward yields the steps of all archives from the last to the first: those of
// Steps in reverse. Where an archive ends must be known before
// it is read: its index is believed if its last volume is compressed.
func (s *Set) Backward(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		m := &mergeBack{merge: merge{s: s, q: q.Bounded()}}
		defer m.stop()
		m.run(yield)
	}
}

// mergeBack is one pass over a Set from its end.
type mergeBack struct {
	merge
	rest   []*ending     // archives to be opened, by their end
	opened bool          // one was
	above  pcp.Timestamp // of the step yielded last
}

// ending is an archive and when it ends.
type ending struct {
	*item
	end  pcp.Timestamp
	over bool // before the query
}

func (m *mergeBack) run(yield func(*history.Step, error) bool) {
	m.above = pcp.MaxTime
	for i, it := range m.s.items {
		if it.label.Header().Start.After(m.q.To) {
			m.later = append(m.later, it)
			continue
		}
		e := &ending{item: it, over: m.s.over(i, m.q.From)}
		var err error
		if e.end, err = it.ending(); err != nil {
			m.s.name(Problem{Archive: it.label.Base(), Skipped: true, Err: err})
			continue
		}
		m.rest = append(m.rest, e)
	}
	slices.SortStableFunc(m.rest, func(a, b *ending) int { return a.end.Compare(b.end) })
	for {
		for len(m.rest) > 0 && m.due() {
			e := m.rest[len(m.rest)-1]
			m.rest = m.rest[:len(m.rest)-1]
			if !m.begin(e, yield) {
				return
			}
		}
		if len(m.active) == 0 {
			return
		}
		c := m.latest()
		m.above = c.head.Stamp
		if !yield(c.head, nil) {
			return
		}
		m.advance(c)
		m.dropCopies(c, m.above)
	}
}

// latest returns the cursor whose step is next. Of steps of one time Steps
// yields that of the archive that begins first, thus here it is last.
func (m *mergeBack) latest() *cursor {
	order := func(a, b *cursor) int {
		if n := a.head.Stamp.Compare(b.head.Stamp); n != 0 {
			return n
		}
		if n := a.r.Header().Start.Compare(b.r.Header().Start); n != 0 {
			return n
		}
		return strings.Compare(a.r.Base(), b.r.Base())
	}
	return slices.MaxFunc(m.active, order)
}

// due reports whether the archive that ends last is to be opened before the next
// step: as in Steps, one that only touches the next has a gap to it, unless
// they begin together.
func (m *mergeBack) due() bool {
	e := m.rest[len(m.rest)-1]
	return !slices.ContainsFunc(m.active, func(c *cursor) bool {
		if e.label.Header().Start == c.r.Header().Start {
			return e.end.Before(c.head.Stamp)
		}
		return !e.end.After(c.head.Stamp)
	})
}

// begin opens an archive unless it lies outside the query, and yields the mark
// that follows it if nothing is open. It returns whether more is wanted.
func (m *mergeBack) begin(e *ending, yield func(*history.Step, error) bool) bool {
	if e.over {
		return true
	}
	r := m.s.load(e.item)
	if r == nil {
		return true
	}
	m.gap = len(m.active) == 0
	c := &cursor{r: r, pass: r.Pass(m.q)}
	c.pull, c.stop = iter.Pull2(r.Backward(m.q))
	m.active = append(m.active, c)
	if m.advance(c); c.head == nil {
		return true
	}
	m.gapFrom, m.marked = e.end, c.head.Mark
	if c.head.Stamp.After(m.gapFrom) {
		m.gapFrom = c.head.Stamp
	}
	mark, ok := m.between(m.above)
	ok = ok && (m.opened || slices.ContainsFunc(m.later, m.s.readable))
	m.opened = true
	return !ok || yield(mark, nil)
}
