package query

import (
	"context"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// chunkSamples is the number of numbers in a chunk. Seeking decodes at most one chunk.
const chunkSamples = 240

// packedSeries is a series with samples in chunks. Once it is complete, several goroutines may
// iterate over it.
type packedSeries struct {
	ctx    context.Context // the selection's context; iteration ends with it
	labels labels.Labels
	sem    pcp.Semantics
	chunks []chunk
	budget *budget            // says whether the next chunk of numbers is compressed; nil means yes
	plain  bool               // the last chunk is open for numbers and not compressed
	xor    *chunkenc.XORChunk // the last chunk, if it is open for numbers and compressed
	app    chunkenc.Appender  // appends to xor
	hist   nativehist.Packer  // holds the open chunk of native histograms

	// pending is the last sample, if held is true. It is held back because a later sample
	// of the same time replaces it.
	pending heldSample
	held    bool

	// every is the interval in milliseconds at which a discrete series repeats its values,
	// from start to end. It is zero for other series. A discrete series has no histograms.
	every      int64
	start, end int64
	before     timedValue // the last sample before start
	carried    bool       // before exists and holds at start
	partial    bool       // samples before start are not to be seen

	// expires is the age in milliseconds at which a sample ends: the iterator then yields a
	// stale marker. It is zero if the engine's look-back decides, and for discrete series.
	expires int64

	counter   bool    // functions that add up changes may need a bridge
	met       int     // number of the last mark of any target before the last sample
	part      int     // of the archive of the last sample
	crossings []int64 // times of the samples that follow a mark, ascending

	*bridge // shifts values across marks; nil if the series needs none
}

// chunk holds some samples of a series, all of one kind.
type chunk struct {
	data  chunkenc.Chunk
	plain []timedValue // in place of data: numbers that are not compressed
	last  int64        // time of its last sample
}

// numbers reports whether the samples are numbers.
func (c *chunk) numbers() bool { return c.data == nil || c.data.Encoding() == chunkenc.EncXOR }

// timedValue is a number and its time in milliseconds.
type timedValue struct {
	t int64
	v float64
}

// heldSample is a sample: a number or one of two kinds of histograms.
type heldSample struct {
	timedValue
	h  *histogram.Histogram
	fh *histogram.FloatHistogram
}

func (p *heldSample) isHistogram() bool { return p.h != nil || p.fh != nil }

// add appends a sample. Times ascend. crosses says that a mark precedes it.
func (s *packedSeries) add(p heldSample, crosses bool) error {
	if s.held && s.pending.t != p.t {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.pending, s.held = p, true
	if s.bridge != nil && crosses {
		s.pendingMarks++
	}
	return nil
}

// flush moves the sample held back to the chunks.
func (s *packedSeries) flush() error {
	if !s.held {
		return nil
	}
	s.held = false
	_, among := s.hist.Last()
	switch p := &s.pending; {
	case p.isHistogram():
		if s.bridge != nil {
			s.noteHistogram(p)
		}
		s.xor, s.plain = nil, false
		return s.keep(s.hist.Append(p.t, p.h, p.fh))
	case among && prom.IsStale(p.v):
		return s.keep(s.hist.AppendStale(p.t))
	case among:
		done, ok := s.hist.Cut()
		if err := s.keep(done, ok, nil); err != nil {
			return err
		}
	}
	return s.append(s.pending.timedValue)
}

// append adds a number to the chunks.
func (s *packedSeries) append(p timedValue) error {
	if s.filled() {
		if err := s.openChunk(); err != nil {
			return err
		}
	}
	c := &s.chunks[len(s.chunks)-1]
	if c.last = p.t; s.plain {
		c.plain = append(c.plain, p)
	} else {
		s.app.Append(0, p.t, p.v)
	}
	if s.bridge != nil {
		s.note(p)
	}
	return nil
}

// filled reports whether the next number needs a new chunk.
func (s *packedSeries) filled() bool {
	switch {
	case s.plain:
		return len(s.chunks[len(s.chunks)-1].plain) == chunkSamples
	case s.xor != nil:
		return s.xor.NumSamples() == chunkSamples
	}
	return true
}

// openChunk adds a chunk for numbers.
func (s *packedSeries) openChunk() error {
	if s.plain = s.budget.takePlain(chunkSamples); s.plain {
		s.xor, s.app = nil, nil
		s.chunks = append(s.chunks, chunk{})
		return nil
	}
	s.xor = chunkenc.NewXORChunk()
	app, err := s.xor.Appender()
	if err != nil {
		return err
	}
	s.chunks, s.app = append(s.chunks, chunk{data: s.xor}), app
	return nil
}

// adopt adds a complete chunk of numbers. No later sample may have the time of its last one.
func (s *packedSeries) adopt(x chunkenc.Chunk, last int64) error {
	if err := s.flush(); err != nil {
		return err
	}
	if done, ok := s.hist.Cut(); ok {
		s.chunks = append(s.chunks, chunk{data: done.Chunk, last: done.MaxTime})
	}
	s.xor, s.app, s.plain = nil, nil, false
	s.chunks = append(s.chunks, chunk{data: x, last: last})
	return nil
}

// keep adds a chunk of histograms, if one is complete.
func (s *packedSeries) keep(done nativehist.Packed, ok bool, err error) error {
	if ok {
		s.chunks = append(s.chunks, chunk{data: done.Chunk, last: done.MaxTime})
	}
	return err
}

// carry notes the last sample before start.
func (s *packedSeries) carry(t int64, v float64) {
	s.before, s.carried = timedValue{t, v}, !prom.IsStale(v)
}

// finish completes the series. The last value of a discrete series holds until end. finish
// returns false if there is no sample.
func (s *packedSeries) finish(end int64) (bool, error) {
	if err := s.flush(); err != nil {
		return false, err
	}
	if done, ok := s.hist.Cut(); ok {
		s.chunks = append(s.chunks, chunk{data: done.Chunk, last: done.MaxTime})
	}
	s.xor, s.app, s.plain, s.end = nil, nil, false, end
	if s.bridge != nil && !s.bridge.finish() {
		s.bridge = nil
	}
	if len(s.chunks) > 0 {
		return true, nil
	}
	return s.carried && s.repeatAfter(s.before.t) <= end, nil
}

// repeatAfter returns the time of the first repetition of a value of time t.
func (s *packedSeries) repeatAfter(t int64) int64 { return max(t+s.every, s.start) }

// Labels returns the series' labels, its name among them.
func (s *packedSeries) Labels() labels.Labels { return s.labels }

// Iterator returns an iterator over the samples, reusing it if it can.
func (s *packedSeries) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	own, ok := it.(*iterator)
	if !ok {
		own = &iterator{}
	}
	own.reset(s)
	return own
}
