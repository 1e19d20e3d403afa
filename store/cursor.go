package store

import (
	"container/heap"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// cursor reads the steps of one archive.
type cursor struct {
	it   *item
	r    *archive.Reader      // may have its label alone
	last func() pcp.Timestamp // the time of the last record read
	head *history.Step        // step to be yielded next
	pull func() (*history.Step, error, bool)
	stop func()

	copies  []*cursor    // active ones of the same recording
	part    int          // of the steps
	outline bool         // the steps are those of an Outline
	begin   func() error // to be called before the first step is yielded; may be nil

	order    int // in which the merge opened its archives
	position int // in the merge's cursors
}

// start returns the time at which the archive begins.
func (c *cursor) start() pcp.Timestamp { return c.r.Header().Start }

// begun calls begin, once.
func (c *cursor) begun() error {
	begin := c.begin
	if c.begin = nil; begin == nil {
		return nil
	}
	return begin()
}

// cursors is a heap: the first one has the step to be yielded next.
type cursors struct {
	all    []*cursor
	before func(a, b *cursor) bool
}

// ascending is the order of cursors for Steps. Of steps of the same time, that of the archive
// opened first comes first.
func ascending(a, b *cursor) bool {
	if n := a.head.Stamp.Compare(b.head.Stamp); n != 0 {
		return n < 0
	}
	return a.order < b.order
}

// anyAt reports whether is returns true for a cursor whose next step has the given time, which
// is that of the first cursor.
func (h *cursors) anyAt(t pcp.Timestamp, is func(*cursor) bool) bool { return h.anyBelow(0, t, is) }

// anyBelow is anyAt for the cursors below a position of the heap, and the one there.
func (h *cursors) anyBelow(i int, t pcp.Timestamp, is func(*cursor) bool) bool {
	if i >= len(h.all) || h.all[i].head.Stamp != t {
		return false
	}
	return is(h.all[i]) || h.anyBelow(2*i+1, t, is) || h.anyBelow(2*i+2, t, is)
}

// Len implements [heap.Interface].
func (h *cursors) Len() int { return len(h.all) }

// Less implements [heap.Interface].
func (h *cursors) Less(i, j int) bool { return h.before(h.all[i], h.all[j]) }

// Swap implements [heap.Interface].
func (h *cursors) Swap(i, j int) {
	h.all[i], h.all[j] = h.all[j], h.all[i]
	h.all[i].position, h.all[j].position = i, j
}

// Push implements [heap.Interface].
func (h *cursors) Push(x any) {
	c, _ := x.(*cursor) // nothing else is pushed
	c.position = len(h.all)
	h.all = append(h.all, c)
}

// Pop implements [heap.Interface].
func (h *cursors) Pop() any {
	last := len(h.all) - 1
	c := h.all[last]
	h.all[last] = nil
	h.all = h.all[:last]
	return c
}

// activate fetches the first step of a cursor, and adds the cursor to the active ones unless
// there is none.
func (m *merge) activate(c *cursor) {
	c.order = m.begun
	m.begun++
	if !m.pull(c) {
		m.close(c)
		return
	}
	if m.latest == 0 || c.start() != m.newest {
		m.newest, m.latest = c.start(), 0
	}
	m.latest++
	heap.Push(&m.active, c)
	m.copies.add(c)
}

// advance fetches the next step of an active cursor, and reports whether there is one. It
// closes the cursor at the end of its archive.
func (m *merge) advance(c *cursor) bool {
	if m.pull(c) {
		heap.Fix(&m.active, c.position)
		return true
	}
	heap.Remove(&m.active, c.position)
	if c.start() == m.newest {
		m.latest--
	}
	m.copies.remove(c)
	m.close(c)
	return false
}

// pull fetches the next step of a cursor, and reports whether there is one.
func (m *merge) pull(c *cursor) bool {
	head, err, ok := c.pull()
	if ok && err == nil {
		c.head = head
		return true
	}
	if err != nil {
		m.fail(c, err)
	}
	c.stop()
	return false
}
