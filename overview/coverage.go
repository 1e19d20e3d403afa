package overview

import "slices"

// coverage finds out when a recording has records: a pause is longer than two and a half of
// its intervals. The interval is the longest time between two of the first records apart
// from one pause.
type coverage struct {
	early   []int64 // times of the first records, until the interval is known
	breaks  []bool  // whether a mark came before the record
	pause   int64   // the longest time between records that is no pause; 0: not known
	covered []Span
	broken  bool // a mark was the last record
}

// enoughRecords is the number of records that tell the interval.
const enoughRecords = 20

// add adds a record.
func (c *coverage) add(t int64, mark bool) {
	if mark {
		c.broken = true
		return
	}
	if c.pause > 0 {
		c.extend(t, c.broken)
	} else {
		c.early, c.breaks = append(c.early, t), append(c.breaks, c.broken)
		if len(c.early) > enoughRecords {
			c.settle()
		}
	}
	c.broken = false
}

// settle finds the interval, and the spans of the first records.
func (c *coverage) settle() {
	c.pause = c.longestGap()
	for i, t := range c.early {
		c.extend(t, c.breaks[i])
	}
	c.early, c.breaks = nil, nil
}

// longestGap returns the longest time between the first records that is no pause.
func (c *coverage) longestGap() int64 {
	var gaps []int64
	for i := 1; i < len(c.early); i++ {
		if !c.breaks[i] {
			gaps = append(gaps, c.early[i]-c.early[i-1])
		}
	}
	if len(gaps) == 0 {
		return 1000
	}
	slices.Sort(gaps)
	return max(gaps[max(0, len(gaps)-2)]*5/2, 1)
}

// extend adds a time to the spans.
func (c *coverage) extend(t int64, broken bool) {
	n := len(c.covered)
	switch {
	case n == 0, n < maxSpans && (broken || t-c.covered[n-1].To > c.pause):
		c.covered = append(c.covered, Span{t, t})
	default:
		c.covered[n-1].To = max(c.covered[n-1].To, t)
	}
}

// spans returns the spans so far.
func (c *coverage) spans() []Span {
	if c.pause > 0 {
		return slices.Clone(c.covered)
	}
	whole := coverage{early: slices.Clone(c.early), breaks: slices.Clone(c.breaks)}
	whole.settle()
	return whole.covered
}
