package reduce

import (
	"fmt"
	"iter"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// times returns the times of the output.
func (r *reducer) times(end pcp.Timestamp, version pcp.Version) (iter.Seq[pcp.Timestamp], error) {
	start := r.o.Start
	if start.IsZero() {
		start = r.in.Header().Start
	}
	if !r.o.End.IsZero() && r.o.End.Before(end) {
		end = r.o.End
	}
	if r.o.Align > 0 {
		start = aligned(start, r.o.Align)
	}
	if version == pcp.Version(2) {
		start.Nsec -= start.Nsec % 1000
	}
	if start.After(end) {
		return nil, fmt.Errorf("%w: %s is after %s", ErrTimes, start, end)
	}
	return func(yield func(pcp.Timestamp) bool) {
		for t := start; !t.After(end); t = t.Add(r.o.Interval) {
			if r.o.Samples > 0 && r.interval >= r.o.Samples || !yield(t) {
				return
			}
		}
	}, nil
}

// aligned returns the next whole multiple of a time since 1970.
func aligned(t pcp.Timestamp, to time.Duration) pcp.Timestamp {
	since := t.Sub(pcp.Timestamp{})
	if rest := since % to; rest > 0 {
		return t.Add(to - rest)
	}
	return t
}
