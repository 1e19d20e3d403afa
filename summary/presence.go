package summary

import (
	"context"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Presence tells what a source holds of some metrics, so that who finds nothing
// in a window learns why.
type Presence struct {
	// Values is how many values there are, and Within how many are in the window.
	Values, Within int64
	// First and Last are the times of the first and last value.
	First, Last pcp.Timestamp
	// Before is the time of the last value before the window, After that of the
	// first after it. Zero means there is none.
	Before, After pcp.Timestamp
	// Interval is the median time between records with values; 0 if there are
	// fewer than two.
	Interval time.Duration
	// Errors counts the codes that were recorded instead of values.
	Errors map[pcp.Errno]int64
}

// gapsKept is how many intervals the median is of.
const gapsKept = 1000

// Present reads what src holds of metrics; nil means all. A bound of the window
// that is zero is none. It ends early, with what it has, when ctx ends.
func Present(ctx context.Context, src Source, metrics func(*meta.Desc) bool, from, to pcp.Timestamp) (*Presence, error) {
	p := &Presence{Errors: map[pcp.Errno]int64{}}
	window := history.Query{From: from, To: to}.Bounded()
	var gaps []time.Duration
	for step, err := range src.Steps(history.Query{Metrics: metrics}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return p, err
		}
		values := int64(0)
		for i := range step.Metrics {
			m := &step.Metrics[i]
			values += int64(len(m.Points))
			if m.Err < 0 {
				p.Errors[m.Err]++
			}
		}
		if values == 0 {
			continue
		}
		if p.Values == 0 {
			p.First = step.Stamp
		} else if gap := step.Stamp.Sub(p.Last); gap > 0 && len(gaps) < gapsKept {
			gaps = append(gaps, gap)
		}
		p.Values, p.Last = p.Values+values, step.Stamp
		switch {
		case step.Stamp.Before(window.From):
			p.Before = step.Stamp
		case !step.Stamp.After(window.To):
			p.Within += values
		case p.After.IsZero():
			p.After = step.Stamp
		}
	}
	if len(gaps) > 0 {
		slices.Sort(gaps)
		p.Interval = gaps[len(gaps)/2]
	}
	return p, nil
}
