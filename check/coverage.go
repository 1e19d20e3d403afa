package check

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

const (
	// intervalClasses are the powers of two of milliseconds.
	intervalClasses = 48
	// gapFactor is by how many powers of two a gap exceeds the usual interval.
	gapFactor = 3
	// gapSamples is how many intervals must have been seen to know the usual one.
	gapSamples = 4
	// maxHoles bounds the holes that are kept.
	maxHoles = 10_000
)

// intervals are what is known of the times at which a metric was recorded.
type intervals struct {
	count   int
	lastAt  pcp.Timestamp
	epoch   int32
	firstAt int64 // offset of the first record
	usual   int   // class of the median interval
	classes [intervalClasses]uint32
}

// hole is a time without values of a metric; metrics that are recorded together
// have it together.
type hole struct{ from, to pcp.Timestamp }

type holeInfo struct {
	file    string
	off     int64
	metrics int
	metric  string // one of them
	marked  bool   // a mark lies in it
	usual   time.Duration
}

// observe notes that a metric has values in the record being checked.
func (c *checker) observe(m *metric) {
	d := &c.data
	m.count++
	if m.count == 1 {
		m.firstAt = d.off
	} else if gap := d.stamp.Sub(m.lastAt); gap > 0 {
		class := min(bits.Len64(uint64(gap/time.Millisecond)), intervalClasses-1)
		n := m.count - 2
		if n >= gapSamples && class > m.usual+gapFactor {
			c.hole(m)
		}
		m.classes[class]++
		if n&(n+1) == 0 { // at 1, 3, 7, … samples more
			m.usual = m.median()
		}
	}
	m.lastAt, m.epoch = d.stamp, d.epoch
}

// median returns the class of the median interval.
func (i *intervals) median() int {
	total := uint64(0)
	for _, n := range i.classes {
		total += uint64(n)
	}
	seen := uint64(0)
	for class, n := range i.classes {
		seen += uint64(n)
		if 2*seen >= total {
			return class
		}
	}
	return 0
}

// hole notes that a metric was not recorded since it last was.
func (c *checker) hole(m *metric) {
	d := &c.data
	h := hole{m.lastAt, d.stamp}
	info := d.holes[h]
	if info == nil {
		if len(d.holes) == maxHoles {
			return
		}
		usual := time.Duration(1) << m.usual * time.Millisecond
		info = &holeInfo{file: d.m.Path, off: d.off, metric: title(m.desc, m.id), marked: m.epoch != d.epoch, usual: usual}
		d.holes[h] = info
	}
	info.metrics++
}

// endData reports what only the whole of the data tells.
func (c *checker) endData() {
	if c.stopped {
		return
	}
	c.endCounters()
	c.endHoles()
	if c.wants(CoverageOnce) {
		c.endMetrics()
	}
}

func (c *checker) endHoles() {
	holes := slices.SortedFunc(maps.Keys(c.data.holes), func(a, b hole) int {
		return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to))
	})
	for _, h := range holes {
		info := c.data.holes[h]
		who := "metric " + info.metric
		if info.metrics > 1 {
			who = fmt.Sprintf("%s and %d other metrics", who, info.metrics-1)
		}
		across := ""
		if info.marked {
			across = ", across a mark"
		}
		c.add(CoverageGap, info.file, info.off, "%s: no values for %s from %s to %s, usually every %s or less%s",
			who, h.to.Sub(h.from).Round(time.Millisecond), h.from, h.to, info.usual, across)
	}
}

// endMetrics reports metrics that were recorded once or never.
func (c *checker) endMetrics() {
	if c.data.records < 3 {
		return // too short to tell
	}
	for _, id := range slices.Sorted(maps.Keys(c.descs)) {
		d, _ := c.store.Desc(id)
		m := c.data.metrics[id]
		switch {
		case (m == nil || m.count == 0) && d.Type != pcp.TypeNoSupport && !c.data.params[id]:
			c.add(CoverageNever, c.metaFile.Path, c.descs[id], "metric %s has no values", title(d, id))
		case m != nil && m.count == 1:
			c.add(CoverageOnce, c.metaFile.Path, c.descs[id], "metric %s was recorded once, at %s", title(d, id), m.lastAt)
		}
	}
}
