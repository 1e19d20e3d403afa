package record

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/layout"
)

// chain writes the archives of one target, or of several that share an archive, one after
// the other. It is the sink of a scrape.Recorder. It reports errors itself and returns
// none, so that a fault of one archive ends no recording.
type chain struct {
	rec  *Recorder
	name layout.Name   // without its time
	host string        // host of the archives
	slow time.Duration // longest time that a step may be late before the clock counts as set back

	mu      sync.Mutex        // guards the fields down to closed
	app     *archive.Appender // nil before the first record of an archive
	to      *convert.ToArchive
	base    string
	period  time.Time // when the rotation period of the archive began
	begun   bool      // an archive was written or continued
	gap     bool      // samples were lost since the last record
	earlier int64     // size of the archives before this one
	retry   time.Time // an archive that failed is not tried again before this time
	failing bool      // the log names the fault already
	closed  bool      // Close was called

	ready atomic.Bool // begun or closed
	asked atomic.Bool // turn has begun
	turn  turn
}

// labelsEvery is the least time between two label records of one instance domain.
const labelsEvery = 10 * time.Second

// retryAfter is the time between a fault of an archive and the next attempt.
const retryAfter = 10 * time.Second

// Put writes a step. It begins a new archive where the rotation asks for one.
func (c *chain) Put(step *history.Step) error {
	c.turn.writes()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.space.full.Load() {
		c.lose(step)
		return nil
	}
	at := step.Stamp.Time()
	if c.app != nil && !period(at, c.rec.o.Rotate).Equal(c.period) {
		c.rotate()
	}
	for again := false; ; again = true {
		err := c.put(step)
		if err == nil {
			if c.failing {
				c.failing = false
				c.rec.log.Info("archive is written again", "archive", c.base)
			}
			return nil
		}
		if archive.IsFull(err) {
			c.rec.space.fill(err)
			c.lose(step)
			return nil
		}
		rejected := errors.Is(err, pcp.ErrMismatch) || errors.Is(err, pcp.ErrLimit) || errors.Is(err, archive.ErrOrder)
		if !rejected || again || c.app == nil {
			c.fault(err)
			c.lose(step)
			return nil
		}
		c.log().Warn("a new archive begins, because this one cannot hold a record", "err", err)
		c.rotate()
	}
}

// put writes a step to the archive, which it opens if necessary.
func (c *chain) put(step *history.Step) error {
	if c.app == nil {
		if time.Now().Before(c.retry) {
			return errWaiting
		}
		if err := c.open(step.Stamp); err != nil {
			return err
		}
	}
	if last, ok := c.app.Last(); ok && c.gap {
		if at := last.Add(archive.MarkAfter); at.Before(step.Stamp) {
			if err := c.app.Mark(at); err != nil {
				return err
			}
		}
	}
	c.gap = false
	return c.to.Put(step)
}

// errWaiting says that a fault of the archive was reported a moment ago.
var errWaiting = errors.New("waiting after a fault")

// fault abandons an archive that cannot be written, and says so once.
func (c *chain) fault(err error) {
	if errors.Is(err, errWaiting) {
		return
	}
	if !c.failing {
		c.failing = true
		c.log().Error("archive cannot be written, still trying", "err", err)
	}
	c.retry = time.Now().Add(retryAfter)
	if c.app != nil {
		_ = c.app.Close() // the fault is reported
		c.forget()
	}
}

// forget drops the archive, which is closed.
func (c *chain) forget() {
	c.earlier += c.app.Size()
	c.rec.claims.release(c.base)
	c.app, c.to, c.base = nil, nil, ""
}

// lose counts the samples of a step that is not recorded.
func (c *chain) lose(step *history.Step) {
	n := 0
	for i := range step.Metrics {
		n += len(step.Metrics[i].Points)
	}
	c.gap = true
	c.rec.space.lose(n)
}

// Earlier reports whether the chain takes a step although an earlier one is later. If the
// clock was set back, it begins a new archive.
func (c *chain) Earlier(t pcp.Timestamp) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app == nil {
		return true
	}
	last, ok := c.app.Last()
	if !ok {
		return true
	}
	if last.Sub(t) < c.slow {
		return false
	}
	c.log().Warn("the clock was set back: a new archive begins", "from", last.Time(), "to", t.Time())
	c.rotate()
	return true
}

// rotate ends the archive. Another goroutine closes and compresses it.
func (c *chain) rotate() {
	old, base := c.to, c.base
	c.earlier += old.Size()
	c.app, c.to, c.base = nil, nil, ""
	c.rec.closing.add(func() {
		if err := old.Complete(); err != nil {
			c.rec.log.Error("archive is not closed properly", "archive", base, "err", err)
		}
		c.rec.claims.release(base)
	})
}

// Flush writes the buffers, after the numbers that they use.
func (c *chain) Flush() error {
	defer c.turn.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app == nil || c.rec.space.full.Load() {
		return nil
	}
	err := c.rec.syncNumbers()
	if err == nil {
		err = c.app.Flush()
	}
	c.rec.dirty.Store(true)
	switch {
	case err == nil:
	case archive.IsFull(err):
		c.rec.space.fill(err)
	default:
		c.fault(err)
	}
	return nil
}

// sync waits until the archive is on the disk.
func (c *chain) sync() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app == nil || c.rec.space.full.Load() {
		return nil
	}
	return c.app.Sync()
}

// check begins a new archive if the files were removed by somebody.
func (c *chain) check() {
	base := c.settled()
	if base == "" {
		return
	}
	_, err := os.Lstat(base + ".meta") // may take long: no record waits for it
	if !errors.Is(err, os.ErrNotExist) || c.settled() != base {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.base == base {
		c.log().Warn("the archive was removed while it was written; a new one begins")
		_ = c.app.Close()
		c.forget()
	}
}

// settled returns the base path of the archive if all of its records are in its files.
func (c *chain) settled() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app == nil || c.app.Buffered() > 0 {
		return ""
	}
	if _, ok := c.app.Last(); !ok {
		return ""
	}
	return c.base
}

// age ends the archive if its rotation period is over, although no record came.
func (c *chain) age(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app != nil && !c.rec.space.full.Load() && period(now, c.rec.o.Rotate).After(c.period) {
		c.rotate()
	}
}

// Size returns the bytes that the archives of this run take.
func (c *chain) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app == nil {
		return c.earlier
	}
	return c.earlier + c.app.Size()
}

// Written returns the size before compression.
func (c *chain) Written() (bytes int64, share float64) { return c.Size(), 1 }

// Last returns the time of the last record of the archive that is being written.
func (c *chain) Last() (t pcp.Timestamp, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.app == nil {
		return t, false
	}
	return c.app.Last()
}

// Close ends the archive so that it can be continued.
func (c *chain) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.ready.Store(true)
	if c.app == nil {
		return nil
	}
	err := c.rec.syncNumbers()
	if err := errors.Join(err, c.to.Close()); err != nil {
		c.log().Error("archive is not closed properly", "err", err)
	}
	c.forget()
	return nil
}

// log returns the log with the archive's name.
func (c *chain) log() *slog.Logger {
	base := c.base
	if base == "" {
		base = fmt.Sprintf("%s.*", c.name.Stem)
	}
	return c.rec.log.With("archive", base)
}
