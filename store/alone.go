package store

import "github.com/pcparchive/pcparchive/history"

// last reports whether one archive is left, which no other overlaps.
func (m *merge) last() bool {
	return m.stopped == nil && len(m.active.all) == 0 && m.next == len(m.s.items)-1 && m.outlines[m.s.items[m.next].label.Base()] == nil
}

// alone yields the steps of the archive that is left, as run does, but takes them from it
// where they are made. It returns false when yield does.
func (m *merge) alone(yield func(*history.Step, error) bool) (more bool) {
	it := m.s.items[m.next]
	if !m.wanted(it) {
		m.next++
		return true
	}
	m.next++
	pass := m.pass(it)
	if pass == nil {
		return true
	}
	c := &cursor{it: it, r: pass.Reader(), last: pass.Last, part: m.takePart(it.label.Base())}
	for step, err := range pass.Steps() {
		if err != nil {
			m.fail(c, err)
			break
		}
		if mark, ok := m.between(step.Stamp); ok && !yield(mark, nil) {
			return false
		}
		m.marked, step.Part = step.Mark, c.part
		if !yield(step, nil) {
			return false
		}
	}
	m.close(c)
	return true
}
