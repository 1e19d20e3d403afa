package scrape

import (
	"context"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
)

// endAfter calls end when the recording has lasted for d, unless ctx ends earlier. The
// time begins with the first scrape that is recorded. Without any scrape it begins with
// the call, and one interval is added, in which the first scrape could have been.
func (r *Recorder) endAfter(ctx context.Context, end func(), d, interval time.Duration) {
	began := time.Now()
	var deadline time.Time
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if deadline.IsZero() {
				deadline = deadlineOf(r.first(), began, now, d, interval)
				if !deadline.IsZero() {
					// From here on the time that passes counts, also if the clock is set.
					deadline = now.Add(deadline.Sub(now))
				}
			}
			if !deadline.IsZero() && now.After(deadline) {
				end()
				return
			}
		}
	}
}

// deadlineOf returns when a recording of duration d ends, or the zero time if that is
// not known yet. first is the time of the first scrape, zero if there is none. The
// deadline is half an interval later than the last scrape that belongs to the recording.
func deadlineOf(first, began, now time.Time, d, interval time.Duration) time.Time {
	switch {
	case !first.IsZero():
		return first.Add(d - interval/2)
	case now.Sub(began) > d+interval:
		return began.Add(d)
	}
	return time.Time{}
}

// first returns the time of the first recorded scrape, zero if there is none.
func (r *Recorder) first() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats.First
}

// longestInterval returns the longest interval of the jobs.
func longestInterval(cfg *promconfig.Config) (longest time.Duration) {
	for _, job := range cfg.ScrapeConfigs {
		longest = max(longest, time.Duration(job.ScrapeInterval))
	}
	return longest
}
