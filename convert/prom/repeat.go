package prom

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Repeat is a stage between samples that repeats the values of discrete
// metrics, which PCP records seldom: PromQL sees none that is older than five
// minutes. A value is repeated at every multiple of the interval since 1970, until
// the next value, the end of its series or the last sample of all.
//
// Samples come by ascending time, of all series together, and leave so. A
// stretch of a day or longer without any sample is not filled: a clock that was
// wrong must not fill a disk. Those are counted as [LossSilence].
type Repeat struct {
	dst    SampleSink
	one    [1]Sample // the batch that is handed on
	every  int64     // milliseconds
	report *Report
	any    bool
	now    int64        // of the last sample
	next   int64        // the time for repetitions that comes next
	held   []*heldValue // in order of first sight
	index  []*heldValue // by PromSeries.ID
	idle   int          // of held: their series ended
}

// held is a discrete value that is in force.
type heldValue struct {
	series *Series
	t      int64
	v      float64
	live   bool
	listed bool // in held
}

// maxSilence is how long nothing may have been recorded for repetitions to span
// it, in milliseconds.
const maxSilence = 24 * 60 * 60 * 1000

// NewRepeat returns a Repeat that hands samples to dst, which it owns. Every is a millisecond at
// least. The report may be nil.
func NewRepeat(dst SampleSink, every time.Duration, r *Report) *Repeat {
	return &Repeat{dst: dst, every: max(every.Milliseconds(), 1), report: r}
}

// Append takes samples and hands each on after the repetitions that are due.
func (r *Repeat) Append(s *Series, batch []Sample) error {
	for i := range batch {
		x := &batch[i]
		if x.Exemplar == nil {
			if err := r.pass(s, x); err != nil {
				return err
			}
		}
		r.one[0] = *x
		if err := r.dst.Append(s, r.one[:]); err != nil {
			return err
		}
	}
	return nil
}

// pass writes what is due before a sample and notes a discrete value.
func (r *Repeat) pass(s *Series, x *Sample) error {
	if !r.any || x.T > r.now {
		if err := r.advance(x.T); err != nil {
			return err
		}
	}
	if s.Sem != pcp.SemDiscrete || x.Histogram != nil {
		return nil
	}
	h := r.entry(s)
	if !h.live && !IsStale(x.V) {
		r.hold(h)
	}
	if h.live && IsStale(x.V) {
		r.drop(h)
	}
	h.t, h.v = x.T, x.V
	return nil
}

// put hands a repetition on.
func (r *Repeat) put(s *Series, t int64, v float64) error {
	r.one[0] = Sample{T: t, V: v}
	return r.dst.Append(s, r.one[:])
}

// Finish ends the repetitions of a series of which no more will come.
func (r *Repeat) Finish(s *Series) error {
	if s.ID < len(r.index) && r.index[s.ID] != nil && r.index[s.ID].live {
		// What is due at the time of the last sample is due now.
		if h := r.index[s.ID]; r.next == r.now && h.t < r.now {
			h.t = r.now
			if err := r.put(s, r.now, h.v); err != nil {
				return err
			}
		}
		r.drop(r.index[s.ID])
	}
	return nil
}

// Flush writes the repetitions that are due at the time of the last sample and
// flushes what the Repeat feeds.
func (r *Repeat) Flush(ctx context.Context) error {
	if r.any && r.next <= r.now {
		if err := r.repeat(r.next); err != nil {
			return err
		}
	}
	return r.dst.Flush(ctx)
}

// Close closes what the Repeat feeds.
func (r *Repeat) Close() error { return r.dst.Close() }

// advance writes all repetitions before t.
func (r *Repeat) advance(t int64) error {
	if t > math.MaxInt64-maxSilence-r.every {
		r.now, r.next, r.any = t, math.MaxInt64, true // no clock comes here: nothing is due
		return nil
	}
	if r.any && t >= math.MinInt64+maxSilence && r.now <= t-maxSilence {
		r.silence()
	} else {
		for ; r.any && r.next < t; r.next += r.every {
			if err := r.repeat(r.next); err != nil {
				return err
			}
		}
	}
	if !r.any || r.next < t {
		r.next = t - t%r.every
		if r.next < t {
			r.next += r.every
		}
	}
	r.now, r.any = t, true
	return nil
}

// silence counts what is not repeated.
func (r *Repeat) silence() {
	for _, h := range r.held {
		if h.live {
			r.report.Add(LossSilence, h.series.Name)
		}
	}
}

// repeat writes the values in force at t that are not of t.
func (r *Repeat) repeat(t int64) error {
	for _, h := range r.held {
		if !h.live || h.t >= t {
			continue
		}
		if err := r.put(h.series, t, h.v); err != nil {
			return err
		}
	}
	return nil
}

func (r *Repeat) entry(s *Series) *heldValue {
	for s.ID >= len(r.index) {
		r.index = append(r.index, nil)
	}
	if r.index[s.ID] == nil {
		r.index[s.ID] = &heldValue{series: s}
	}
	return r.index[s.ID]
}

// hold takes up a value, whose series may have ended before.
func (r *Repeat) hold(h *heldValue) {
	h.live = true
	if h.listed {
		r.idle--
		return
	}
	if r.idle > len(r.held)/2 {
		r.held = slices.DeleteFunc(r.held, func(h *heldValue) bool { h.listed = h.live; return !h.live })
		r.idle = 0
	}
	h.listed = true
	r.held = append(r.held, h)
}

// drop gives a value up.
func (r *Repeat) drop(h *heldValue) {
	h.live = false
	r.idle++
}
