package query

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/pcparchive/pcparchive/convert/nativehist"
)

// bridge removes a counter's changes across marks, because the count between them is
// unknown. It shifts the values after a mark so that they continue at the last value before
// the mark. A shift would hide resets from functions that look for decreases, so bridge
// removes resets too.
type bridge struct {
	pendingMarks int  // number of marks before the sample held back
	crossed      bool // two samples have a mark between them

	shifts []shift
	marks  int     // number of marks before the last number
	last   float64 // the last number, if any is true
	any    bool

	// Native histograms are shifted as numbers are, bucket by bucket.
	histShifts []histShift
	histMarks  int                       // number of marks before the last histogram
	lastHist   *histogram.FloatHistogram // nil before the first histogram
	histFloor  float64                   // added to the count of every histogram
	unfit      bool                      // the histograms are gauges, or cannot be subtracted
}

// shift is an amount that is added to all values from a time on.
type shift struct {
	from int64
	by   float64
}

// histShift is a histogram that is added to all native histograms from a time on.
type histShift struct {
	from int64
	by   *histogram.FloatHistogram
}

// note adds the next number of the series.
func (b *bridge) note(s timedValue) {
	if math.IsNaN(s.v) {
		return
	}
	by := 0.0
	if n := len(b.shifts); n > 0 {
		by = b.shifts[n-1].by
	}
	switch {
	case b.any && b.marks != b.pendingMarks:
		b.crossed = true
		b.shifts = append(b.shifts, shift{s.t, by + b.last - s.v})
	case b.any && s.v < b.last: // a reset: it counted from 0
		b.shifts = append(b.shifts, shift{s.t, by + b.last})
	}
	b.marks, b.last, b.any = b.pendingMarks, s.v, true
}

// noteHistogram adds the next native histogram of the series.
func (b *bridge) noteHistogram(p *heldSample) {
	if nativehist.IsStale(p.h, p.fh) || b.unfit {
		return
	}
	h := p.fh
	if h == nil {
		h = p.h.ToFloat(nil)
	} else {
		h = h.Copy()
	}
	switch h.CounterResetHint {
	case histogram.GaugeType:
		b.unfit = true
		return
	case histogram.NotCounterReset: // the hint is about a predecessor that may be absent here
		h.CounterResetHint = histogram.UnknownCounterReset
	}
	var by *histogram.FloatHistogram
	switch {
	case b.lastHist == nil:
	case b.lastHist.UsesCustomBuckets() != h.UsesCustomBuckets():
		b.unfit = true
	case b.histMarks != b.pendingMarks:
		b.crossed = true
		by = b.lastHist.Copy()
		_, _, _, err := by.Sub(h)
		b.unfit = err != nil
	case h.DetectReset(b.lastHist):
		by = b.lastHist.Copy()
	}
	if n := len(b.histShifts); by != nil && n > 0 && !b.unfit {
		_, _, _, err := by.Add(b.histShifts[n-1].by)
		b.unfit = err != nil
	}
	if by != nil {
		b.histShifts = append(b.histShifts, histShift{p.t, by})
	}
	b.histMarks, b.lastHist = b.pendingMarks, h
}

// finish raises all shifts so that none is negative, because rate() assumes that a counter
// does not begin below 0. It returns false if the series needs no shift.
func (b *bridge) finish() bool {
	b.lastHist = nil
	if !b.crossed || b.unfit {
		return false
	}
	least := 0.0
	for _, s := range b.shifts {
		least = min(least, s.by)
	}
	if least < 0 {
		for i := range b.shifts {
			b.shifts[i].by -= least
		}
		b.shifts = append([]shift{{math.MinInt64, -least}}, b.shifts...)
	}
	for _, s := range b.histShifts {
		b.histFloor = max(b.histFloor, -s.by.Count)
	}
	return true
}
