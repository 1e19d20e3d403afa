package mapper

import (
	"slices"
	"time"
)

// totals are the counters of a source. They count on if the source is removed and added
// again, as when a configuration changes: the archive has no mark in between.
type totals struct {
	name         string
	calls        uint64        // scrapes so far
	fetch, parse time.Duration // summed over all scrapes
}

// maxIdle bounds the totals that are kept of sources that were removed.
const maxIdle = 4096

// totalsOf returns the totals of a source that is added.
func (c *control) totalsOf(name string) *totals {
	t := c.totals[name]
	if t == nil {
		t = &totals{name: name}
		c.totals[name] = t
	}
	if i := slices.Index(c.idle, t); i >= 0 {
		c.idle = slices.Delete(c.idle, i, i+1)
	}
	return t
}

// leave notes that a source is removed. It forgets the totals that nobody has used for
// longest if they are too many.
func (c *control) leave(t *totals) {
	c.idle = append(c.idle, t)
	if len(c.idle) > maxIdle {
		delete(c.totals, c.idle[0].name)
		c.idle = slices.Delete(c.idle, 0, 1)
	}
}
