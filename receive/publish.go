package receive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// Run publishes archives that are complete, until ctx ends.
func (r *Receiver) Run(ctx context.Context) {
	ticker := time.NewTicker(min(max(r.opts.Idle/20, 100*time.Millisecond), 10*time.Second))
	defer ticker.Stop()
	for {
		r.publishIdle(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// publishIdle publishes the archives to which nothing was added for a while.
func (r *Receiver) publishIdle(ctx context.Context) {
	r.mu.Lock()
	all := make([]*incoming, 0, len(r.byID))
	for _, in := range r.byID {
		all = append(all, in)
	}
	r.mu.Unlock()
	for _, in := range all {
		if ctx.Err() != nil {
			return
		}
		if err := r.endIdle(in); err != nil {
			r.opts.Logger.Error("cannot publish a received archive", "host", in.label.Host, "archive", in.name, "err", err)
		}
	}
}

// endIdle ends an archive if nothing was added to it for a while.
func (r *Receiver) endIdle(in *incoming) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := r.opts.now()
	if in.ended || !in.settled(now) {
		return nil
	}
	missing := in.incomplete()
	switch {
	case missing == "":
	case now.Sub(in.touched) < r.opts.Abandon:
		return nil // its client may continue
	case !in.shown():
		return r.discard(in)
	default:
		r.opts.Logger.Warn("nobody continued a received archive; publishing what arrived", "host", in.label.Host, "archive", in.name, "reason", missing)
		if err := in.cut(); err != nil {
			return err
		}
	}
	_, err := r.publish(in)
	return err
}

// finish publishes an archive because its client says that it is complete.
func (r *Receiver) finish(number uint32) (path string, err error) {
	in, err := r.find(number)
	if err != nil {
		return "", err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return "", refuse(statusGone, "the archive %d is complete", number)
	}
	if missing := in.incomplete(); missing != "" {
		return "", refuse(statusConflict, "the archive is not complete: %s", missing)
	}
	return r.publish(in)
}

// discard removes an archive without a data record. The caller holds in.mu.
func (r *Receiver) discard(in *incoming) error {
	r.opts.Logger.Warn("removing a received archive without a data record", "host", in.label.Host, "archive", in.name)
	in.ended = true
	err := errors.Join(os.RemoveAll(in.dir), in.lock.Release())
	_ = os.Remove(filepath.Join(r.dir, in.label.Host)) // stays if it has archives
	r.forget(in, "")
	return err
}

// publish checks an archive and moves it to its place. The caller holds in.mu. After a
// failure the archive stays where it is.
func (r *Receiver) publish(in *incoming) (string, error) {
	damaged := r.check(in)
	folder := filepath.Join(r.dir, in.label.Host)
	err := r.opts.Move(func() error {
		done, err := in.lock.Adopt(in.dir)
		if err != nil {
			return err
		}
		in.dir, in.ended = done, true // only a Receiver that is opened anew can continue the move
		if err := errors.Join(dirsync.Sync(r.aside()), outlock.MoveAll(done, folder), dirsync.Sync(folder)); err != nil {
			return err
		}
		return errors.Join(os.Remove(done), in.lock.Release())
	})
	path := r.relative(filepath.Join(folder, in.name))
	if in.ended {
		r.forget(in, path)
	}
	if err != nil {
		return "", err
	}
	r.count(func(c *Counts) {
		c.Published++
		if damaged {
			c.Damaged++
		}
	})
	r.opts.Logger.Info("published a received archive", "archive", path, "bytes", in.size())
	return path, nil
}

// check logs the findings of an archive. Those with errors are published, too: they can
// be read as far as they are whole, and what a host recorded must not be lost.
func (r *Receiver) check(in *incoming) (damaged bool) {
	count := 0
	var first finding.Finding
	for f := range check.Archive(context.Background(), in.base(), &check.Options{Min: finding.Error}) {
		if count == 0 {
			first = f
		}
		count++
	}
	if count > 0 {
		r.opts.Logger.Warn("a received archive has errors", "host", in.label.Host, "archive", in.name, "errors", count, "first", first.String())
	}
	return count > 0
}

// mostEnded is the number of published archives that the receiver remembers.
const mostEnded = 10_000

// forget ends the use of a number. The caller holds in.mu, and not r.mu.
func (r *Receiver) forget(in *incoming, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, in.number)
	delete(r.byLabel, string(in.label.raw))
	if len(r.ended) < mostEnded && path != "" {
		r.ended[in.number] = path
	}
}
