package history

import (
	"iter"

	"github.com/pcparchive/pcparchive/pcp"
)

// Runs are the runs of targets. The zero Runs is empty.
type Runs struct{ of map[Target]*Run }

// Run holds the times of the marks of a target so far. A series that stores the number of
// marks before its last value sees whether one follows, so a mark need not visit every series.
type Run struct {
	Target Target
	Marks  []pcp.Timestamp
}

// Of returns the run of a target. It begins when Of is first called.
func (r *Runs) Of(t Target) *Run {
	run := r.of[t]
	if run == nil {
		if r.of == nil {
			r.of = map[Target]*Run{}
		}
		run = &Run{Target: t}
		r.of[t] = run
	}
	return run
}

// Len returns the number of runs.
func (r *Runs) Len() int { return len(r.of) }

// Mark adds a mark to the runs that it ends.
func (r *Runs) Mark(mark *Step) {
	for run := range r.Ended(mark) {
		run.Marks = append(run.Marks, mark.Stamp)
	}
}

// Ended yields the runs that a mark ends.
func (r *Runs) Ended(mark *Step) iter.Seq[*Run] {
	return func(yield func(*Run) bool) {
		for t, run := range r.of {
			if mark.Ends(t) && !yield(run) {
				return
			}
		}
	}
}
