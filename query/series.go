package query

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert"
)

// chunkSamples is how many samples a chunk holds: seeking decodes no more.
const chunkSamples = 240

// series is one series, its samples compressed. When it is complete it may be
// iterated over by several at once.
type series struct {
	labels labels.Labels
	chunks []chunk
	app    chunkenc.Appender // of the last chunk

	// The last sample is held back: of two at one time the later stands.
	pending sample
	held    bool

	// A discrete series repeats its values: every so many milliseconds, 0 for
	// other series, from start on and not beyond end.
	every      int64
	start, end int64
	before     sample // the last sample before start
	carried    bool   // there is one and it holds at start

	*bridge // nil: nothing is to be done about marks
}

// chunk holds some samples of a series.
type chunk struct {
	data *chunkenc.XORChunk
	last int64 // time of its last sample
}

// sample is a value and its time in milliseconds.
type sample struct {
	t int64
	v float64
}

// add appends a sample. Times ascend; marks is how many marks there were so far.
func (s *series) add(t int64, v float64, marks int) error {
	if s.held && s.pending.t != t {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.pending, s.held = sample{t, v}, true
	if s.bridge != nil {
		s.pendingMarks = marks
	}
	return nil
}

// flush moves the sample held back to the chunks.
func (s *series) flush() error {
	if !s.held {
		return nil
	}
	s.held = false
	if n := len(s.chunks); n == 0 || s.chunks[n-1].data.NumSamples() == chunkSamples {
		c := chunkenc.NewXORChunk()
		app, err := c.Appender()
		if err != nil {
			return err
		}
		s.chunks, s.app = append(s.chunks, chunk{data: c}), app
	}
	s.app.Append(0, s.pending.t, s.pending.v)
	s.chunks[len(s.chunks)-1].last = s.pending.t
	if s.bridge != nil {
		s.note(s.pending)
	}
	return nil
}

// carry notes the last sample before start.
func (s *series) carry(t int64, v float64) {
	s.before, s.carried = sample{t, v}, !convert.IsStale(v)
}

// finish completes the series. end is until when the last value of a discrete
// series holds. It returns whether there are any samples.
func (s *series) finish(end int64) (bool, error) {
	if err := s.flush(); err != nil {
		return false, err
	}
	s.app, s.end = nil, end
	if s.bridge != nil && !s.bridge.finish() {
		s.bridge = nil
	}
	if len(s.chunks) > 0 {
		return true, nil
	}
	return s.carried && s.repeatAfter(s.before.t) <= end, nil
}

// repeatAfter returns when a value of time t is repeated first.
func (s *series) repeatAfter(t int64) int64 { return max(t+s.every, s.start) }

// Labels returns the series' labels, its name among them.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator returns an iterator over the samples, reusing it if it can.
func (s *series) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	own, ok := it.(*iterator)
	if !ok {
		own = &iterator{}
	}
	own.reset(s)
	return own
}

// bridge makes a counter's changes across marks nil: what was counted meanwhile
// is not known. The values on one side of a mark are shifted so that they go on
// where the other side ended. Shifting hides resets from whoever looks for values
// that go down, so they are made up for too.
type bridge struct {
	shifts       []shift
	marks        int // before the last sample
	pendingMarks int // before the one held back
	last         float64
	any          bool // there is a last sample
	crossed      bool // two samples have a mark between them
}

// shift is what is added to values from a time on.
type shift struct {
	from int64
	by   float64
}

// note takes notice of the next sample.
func (b *bridge) note(s sample) {
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

// finish completes the shifts so that none is negative: rate() takes it that a
// counter does not begin below 0. It returns false if there is nothing to shift.
func (b *bridge) finish() bool {
	if !b.crossed {
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
	return true
}
