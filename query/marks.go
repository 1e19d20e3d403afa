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
}

// add counts a mark.
func (m *markCount) add(mark *history.Step) {
	m.n++
	if mark.Part == history.AllParts {
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
