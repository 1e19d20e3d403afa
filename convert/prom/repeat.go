package prom

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Repeat is a [SampleSink] that repeats the values of discrete metrics on their
// way to another sink. PCP records such values seldom, and PromQL ignores a value
// that is older than five minutes.
//
// Repeat repeats a value at every multiple of the interval since 1970, until the
// next value of the series, the end of the series or the last sample of all.
//
// The samples of all series together must ascend in time; Repeat hands them on in
// that order. It does not fill a day or more without any sample, because a wrong
// clock must not fill a disk, and counts the values as [LossSilence].
type Repeat struct {
	dst    SampleSink
	one    [1]Sample // the batch that dst gets
	every  int64     // the interval in milliseconds
	report *Report
	any    bool         // a sample came; now and next are set
	now    int64        // time of the last sample
	next   int64        // time of the next repetitions
	held   []*heldValue // the values to repeat, in order of first sight
	index  []*heldValue // every value by Series.ID, nil for series without one
	idle   int          // entries of held whose series ended
}

// heldValue is the last value of a discrete series.
type heldValue struct {
	series *Series
	t      int64 // time of the last value or repetition
	v      float64
	live   bool // the series has not ended
	listed bool // Repeat.held has it
}

// maxSilence is the shortest time without any sample, in milliseconds, that
// Repeat does not fill.
const maxSilence = 24 * 60 * 60 * 1000

// NewRepeat returns a Repeat that feeds dst and owns it. An interval below a
// millisecond counts as one. The report may be nil.
func NewRepeat(dst SampleSink, every time.Duration, r *Report) *Repeat {
	return &Repeat{dst: dst, every: max(every.Milliseconds(), 1), report: r}
}

// Append hands on the repetitions that are due before each sample and then the
// sample.
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

// pass hands on the repetitions that are due before a sample and notes a discrete
// value.
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

// put hands on a repetition.
func (r *Repeat) put(s *Series, t int64, v float64) error {
	r.one[0] = Sample{T: t, V: v}
	return r.dst.Append(s, r.one[:])
}

// Finish ends the repetitions of a series that gets no more samples.
func (r *Repeat) Finish(s *Series) error {
	if s.ID < len(r.index) && r.index[s.ID] != nil && r.index[s.ID].live {
		// A repetition at the time of the last sample is due now.
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

// Flush hands on the repetitions that are due at the time of the last sample and
// flushes the sink that the Repeat feeds.
func (r *Repeat) Flush(ctx context.Context) error {
	if r.any && r.next <= r.now {
		if err := r.repeat(r.next); err != nil {
			return err
		}
	}
	return r.dst.Flush(ctx)
}

// Close closes the sink that the Repeat feeds.
func (r *Repeat) Close() error { return r.dst.Close() }

// advance hands on all repetitions before t.
func (r *Repeat) advance(t int64) error {
	if t > math.MaxInt64-maxSilence-r.every {
		r.now, r.next, r.any = t, math.MaxInt64, true // next would overflow: stop repeating
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

// silence counts the values that a silence leaves without repetitions.
func (r *Repeat) silence() {
	for _, h := range r.held {
		if h.live {
			r.report.Add(LossSilence, h.series.Name)
		}
	}
}

// repeat hands on the values that hold at t, except those of t itself.
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

// entry finds or makes the value of a series.
func (r *Repeat) entry(s *Series) *heldValue {
	for s.ID >= len(r.index) {
		r.index = append(r.index, nil)
	}
	if r.index[s.ID] == nil {
		r.index[s.ID] = &heldValue{series: s}
	}
	return r.index[s.ID]
}

// hold starts to repeat a value. Its series may have ended and begun again.
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

// drop stops repeating a value.
func (r *Repeat) drop(h *heldValue) {
	h.live = false
	r.idle++
}
