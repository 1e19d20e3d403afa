package query

import (
	"github.com/pcparchive/pcparchive/history"
)

// markCount numbers the marks that a selection meets. Each target has its own last mark,
// because archives of several exporters of a host overlap, and a mark of one says nothing
// about the others.
type markCount struct {
	n      int                    // number of the last mark
	common int                    // number of the last mark that concerns all targets
	own    map[history.Target]int // number of the last mark of a target
	times  []markTime             // of the marks within reach of a function
}

// markTime is the time of a mark in milliseconds.
type markTime struct {
	t      int64
	common bool // the mark concerns all targets
	target history.Target
}

// origin is the target of a sample. A marker at a mark of all targets has none. Nor has a
// column: no other archive overlaps one that is read from columns, so that marks of all
// targets separate it from others.
type origin struct {
	target history.Target
	known  bool
}

// add counts a mark. keep says that its time is wanted.
func (m *markCount) add(mark *history.Step, keep bool) {
	common := mark.Part == history.AllParts
	if keep {
		m.times = append(m.times, markTime{mark.Stamp.Milli(), common, mark.Target})
	}
	m.n++
	if common {
		m.common = m.n
		return
	}
	if m.own == nil {
		m.own = map[history.Target]int{}
	}
	m.own[mark.Target] = m.n
}

// of returns the number of the last mark of a target.
func (m *markCount) of(t history.Target) int { return max(m.common, m.own[t]) }

// timesOf returns the times of the marks of a target, ascending; those of all targets if the
// origin is not known or any is true.
func (m *markCount) timesOf(o origin, any bool) (times []int64) {
	for _, mark := range m.times {
		if any || !o.known || mark.common || mark.target == o.target {
			times = append(times, mark.t)
		}
	}
	return times
}
