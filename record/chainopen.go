package record

import (
	"os"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/layout"
)

// open continues today's archive after a restart, or begins one.
func (c *chain) open(t pcp.Timestamp) error {
	if c.begin(t) {
		return nil
	}
	at := t.Time()
	c.period = period(at, c.rec.o.Rotate)
	n := c.name
	n.Start = at.Local()
	if err := os.MkdirAll(c.rec.hostDir(n), 0o755); err != nil {
		return err
	}
	for ; ; n.Again++ {
		base := n.Base(c.rec.o.Dir)
		if taken(base) || !c.rec.claims.claim(base) {
			continue
		}
		app, err := archive.Create(base, archive.LocalHeader(c.host), c.rec.writeOptions())
		if err != nil {
			c.rec.claims.release(base)
			return err
		}
		c.use(app, base)
		return nil
	}
}

// prepare continues today's archive before the first scrape asks its target. If the
// answer had to wait for that, a kill would lose it.
func (c *chain) prepare() {
	if c.ready.Load() || c.rec.space.full.Load() {
		return
	}
	if c.asked.CompareAndSwap(false, true) {
		c.turn.begin(c.rec.firsts)
	}
	if !c.rec.firsts.enter(c.rec.firsts.opening) {
		return
	}
	defer func() { <-c.rec.firsts.opening }()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.begin(pcp.TimestampOf(time.Now()))
	}
}

// begin continues the archive of an earlier run, once in the life of a chain. It reports
// whether there is an archive to write.
func (c *chain) begin(t pcp.Timestamp) bool {
	if c.begun {
		return c.app != nil
	}
	c.begun = true
	c.ready.Store(true)
	c.period = period(t.Time(), c.rec.o.Rotate)
	return c.resume(t)
}

// use makes an archive the one that is written.
func (c *chain) use(app *archive.Appender, base string) {
	c.app, c.to, c.base, c.begun = app, convert.NewToArchive(app), base, true
	c.to.SpareLabels(labelsEvery)
	c.rec.found.set(c.name, base)
}

// resume continues the newest archive of an earlier run if it is of this period.
func (c *chain) resume(t pcp.Timestamp) bool {
	base := c.rec.found.newest(c.name)
	if base == "" || c.rec.o.Numbers == nil {
		return false
	}
	n, ok := layout.Parse(base)
	if !ok || !period(n.Start, c.rec.o.Rotate).Equal(c.period) {
		return false
	}
	c.rec.claims.wait(base) // a repair may have it for a moment
	app, err := c.rec.resume(base, c.host, t)
	if err != nil {
		c.rec.claims.release(base)
		c.rec.log.Warn("a new archive begins, because the last one cannot be continued", "archive", base, "err", err)
		return false
	}
	c.use(app, base)
	return true
}

// taken reports whether an archive with a base name exists in any form.
func taken(base string) bool {
	for _, suffix := range []string{".meta", ".index", ".0", ".0.zst", ".0.gz", ".0.xz"} {
		if _, err := os.Lstat(base + suffix); err == nil {
			return true
		}
	}
	return false
}
