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
	// intervalClasses is the number of interval classes. Class n holds intervals below
	// 2^n milliseconds.
	intervalClasses = 48
	// gapFactor is the number of classes by which a gap exceeds the usual interval.
	gapFactor = 3
	// gapSamples is the number of intervals that establish the usual interval.
	gapSamples = 4
	// maxHoles is the largest number of holes that are kept.
	maxHoles = 10_000
)

// intervals are statistics of the times between the records of a metric.
type intervals struct {
	count   int           // number of records with values
	lastAt  pcp.Timestamp // time of the last record with values
	epoch   int32         // dataState.epoch at lastAt
	firstAt int64         // offset of the first record
	usual   int           // class of the median interval
	classes [intervalClasses]uint32
}

// holeSpan is a time without values of a metric. Metrics that are recorded together share
// their holes.
type holeSpan struct{ from, to pcp.Timestamp }

// holeInfo describes a hole for a finding.
type holeInfo struct {
	file    string
	off     int64         // offset of the record that ends the hole
	metrics int           // number of metrics with this hole
	metric  string        // one of these metrics
	marked  bool          // a mark lies in the hole
	usual   time.Duration // the usual interval of metric
}

// observe counts a record with values of a metric.
func (c *checker) observe(m *metricState) {
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
		if n&(n+1) == 0 { // update the median at 1, 3, 7, … intervals
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

// hole records a hole of a metric that ends at the current record.
func (c *checker) hole(m *metricState) {
	d := &c.data
	h := holeSpan{m.lastAt, d.stamp}
	info := d.holes[h]
	if info == nil {
		if len(d.holes) == maxHoles {
			return
		}
		usual := time.Duration(1) << m.usual * time.Millisecond
		info = &holeInfo{file: d.m.Path, off: d.off, metric: metricTitle(m.desc, m.id), marked: m.epoch != d.epoch, usual: usual}
		d.holes[h] = info
	}
	info.metrics++
}

// endData reports the findings that need all data volumes.
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
	holes := slices.SortedFunc(maps.Keys(c.data.holes), func(a, b holeSpan) int {
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
		return // too few records for a judgement
	}
	for _, id := range slices.Sorted(maps.Keys(c.descs)) {
		d, _ := c.store.Desc(id)
		m := c.data.metrics[id]
		switch {
		case (m == nil || m.count == 0) && d.Type != pcp.TypeNoSupport && !c.data.params[id]:
			c.add(CoverageNever, c.metaFile.Path, c.descs[id], "metric %s has no values", metricTitle(d, id))
		case m != nil && m.count == 1:
			c.add(CoverageOnce, c.metaFile.Path, c.descs[id], "metric %s was recorded once, at %s", metricTitle(d, id), m.lastAt)
		}
	}
}
