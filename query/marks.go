package query

import (
	"github.com/pcparchive/pcparchive/history"
)

// markCount numbers the marks that a selection meets. Archives of a host overlap, and a mark in
// one says nothing about the others: not about other exporters, nor about the same one while
// another archive goes on recording it. Each target has its own last mark in each part.
type markCount struct {
	n      int               // number of the last mark
	common int               // number of the last mark that concerns all parts
	own    map[markOwner]int // number of the last mark of a target in a part
}

// markOwner is what a mark concerns.
type markOwner struct {
	target history.Target
	part   int // see history.Step
}

// add counts a mark.
func (m *markCount) add(mark *history.Step) {
	m.n++
	if mark.Part == history.AllParts {
		m.common = m.n
		return
	}
	if m.own == nil {
		m.own = map[markOwner]int{}
	}
	m.own[ownerOf(mark)] = m.n
}

func ownerOf(step *history.Step) markOwner { return markOwner{step.Target, step.Part} }

// of returns the number of the last mark that concerns o.
func (m *markCount) of(o markOwner) int { return max(m.common, m.own[o]) }
