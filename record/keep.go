package record

import (
	"context"
	"time"
)

// keepSyncing makes everything written reach the disk once a period.
func (r *Recorder) keepSyncing(ctx context.Context) {
	tick := time.NewTicker(r.o.Sync)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		begin := time.Now()
		if !r.dirty.Swap(false) {
			if !failing {
				r.synced.Store(0)
			}
			continue
		}
		err := r.syncDisk()
		if err == nil {
			r.synced.Store(begin.UnixNano())
		}
		if err != nil && !failing {
			r.log.Error("data cannot be brought to the disk", "err", err)
		}
		if err == nil && failing {
			r.log.Info("data reaches the disk again")
		}
		failing = err != nil
	}
}

// Synced returns a time before which all data is on the disk; zero if all data is.
func (r *Recorder) Synced() time.Time {
	if at := r.synced.Load(); at != 0 {
		return time.Unix(0, at)
	}
	if r.dirty.Load() {
		return time.Now().Add(-r.o.Sync)
	}
	return time.Time{}
}

// Redact returns err with a text that shows no secrets.
func (r *Recorder) Redact(err error) error { return r.scraper.Redact(err) }

// syncDisk waits until everything written is on the disk.
func (r *Recorder) syncDisk() error {
	done, err := syncFolder(r.dir)
	if done || err != nil {
		return err
	}
	for _, l := range r.openLines() {
		if err := l.chain.sync(); err != nil {
			return err
		}
	}
	return nil
}

// openLines returns the lines.
func (r *Recorder) openLines() []*line {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*line, 0, len(r.lines))
	for _, l := range r.lines {
		all = append(all, l)
	}
	return all
}

// keepDraining writes the scrapes that wait for others of their archive.
func (r *Recorder) keepDraining(ctx context.Context) {
	const every = 20 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, l := range r.openLines() {
				l.rec.Drain()
			}
		}
	}
}

// keepHouse does what is due every minute: it removes old archives, ends archives whose
// targets are silent when their period is over, and notices files that somebody removed.
func (r *Recorder) keepHouse(ctx context.Context) {
	r.cull(ctx)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for minute := 1; ; minute++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		for _, l := range r.openLines() {
			l.chain.age(now)
			l.chain.check()
		}
		r.found.forget(period(now, r.o.Rotate))
		if minute%60 == 0 && r.o.Numbers != nil {
			if err := r.o.Numbers.Sweep(); err != nil {
				r.log.Warn("old numbers of metrics cannot be forgotten", "err", err)
			}
		}
		r.cull(ctx)
	}
}

// cull removes old archives.
func (r *Recorder) cull(ctx context.Context) {
	if r.o.Cull == nil {
		return
	}
	begin := period(time.Now(), r.o.Rotate)
	writing := func(base string) bool { return r.claims.holds(base) || r.found.continues(base, begin) }
	if err := r.o.Cull(ctx, writing); err != nil && ctx.Err() == nil {
		r.log.Warn("old archives cannot be removed", "err", err)
	}
}
