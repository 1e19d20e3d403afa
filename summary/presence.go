package summary

import (
	"context"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Presence describes the values of some metrics in a source. It explains why a window holds
// none.
type Presence struct {
	// Values is the number of values, and Within the number of values in the window.
	Values, Within int64
	// First and Last are the times of the first and last value.
	First, Last pcp.Timestamp
	// Before is the time of the last value before the window, After the time of the
	// first value after it. Zero means there is none.
	Before, After pcp.Timestamp
	// Interval is the median time between records with values; zero if there are fewer
	// than two.
	Interval time.Duration
	// Errors counts the error codes that were recorded in place of values.
	Errors map[pcp.Errno]int64
}

// maxGaps is the largest number of intervals from which the median is computed.
const maxGaps = 1000

// Present reads the values of some metrics in src; nil means all metrics. A zero bound of
// the window means no bound. After a failure, or when ctx ends, Present returns its results
// so far with the error.
func Present(ctx context.Context, src Source, metrics func(*meta.Desc) bool, from, to pcp.Timestamp) (*Presence, error) {
	p := &Presence{Errors: map[pcp.Errno]int64{}}
	window := history.Query{From: from, To: to}.Bounded()
	var gaps []time.Duration
	for step, err := range src.Steps(history.Query{Metrics: metrics, Stop: ctx.Err}) {
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
		} else if gap := step.Stamp.Sub(p.Last); gap > 0 && len(gaps) < maxGaps {
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
