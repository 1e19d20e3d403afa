package query

import (
	"github.com/pcparchive/pcparchive/history"
)

// markCount counts the marks that a selection meets, for each target: archives of several
// exporters of a host overlap, and a mark of one says nothing about the others.
type markCount struct {
	common int // marks that concern all targets
	own    map[history.Target]int
	times  []markTime // of the marks within reach of a function
}

// markTime is the time of a mark in milliseconds.
type markTime struct {
	t      int64
	common bool // the mark concerns all targets
	target history.Target
}

// add counts a mark. keep says that its time is wanted, and common that all series have the
// mark, whatever it says.
func (m *markCount) add(mark *history.Step, keep, common bool) {
	common = common || mark.Part == history.AllParts
	if keep {
		m.times = append(m.times, markTime{mark.Stamp.Milli(), common, mark.Target})
	}
	if common {
		m.common++
		return
	}
	if m.own == nil {
		m.own = map[history.Target]int{}
	}
	m.own[mark.Target]++
}

// of returns the number of marks of a target.
func (m *markCount) of(t history.Target) int {
	if len(m.own) == 0 {
		return m.common
	}
	return m.common + m.own[t]
}

// timesOf returns the times of the marks of a target, ascending; those of all targets if any
// is true.
func (m *markCount) timesOf(t history.Target, any bool) (times []int64) {
	for _, mark := range m.times {
		if any || mark.common || mark.target == t {
			times = append(times, mark.t)
		}
	}
	return times
}
