package nativehist

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Packed is a chunk of native histograms, with the times of the first and the
// last.
type Packed struct {
	Chunk            chunkenc.Chunk
	MinTime, MaxTime int64
}

// SamplesPerChunk is how many samples Prometheus' chunks have at most, of numbers
// as of histograms: a reader decodes a chunk from its start.
const SamplesPerChunk = 120

// Packer puts the native histograms of a series into chunks as Prometheus makes
// them: each reset of the counters begins one, and so does a change from integers
// to floats or back. The zero Packer is ready for use.
type Packer struct {
	open   Packed // its Chunk is nil if none is
	app    chunkenc.Appender
	before chunkenc.Appender // of the chunk before, by which a reset is told
	float  bool              // the chunk holds histograms of floats
}

// Last returns the time of the last histogram in the open chunk; ok is false if
// there is none.
func (p *Packer) Last() (t int64, ok bool) { return p.open.MaxTime, p.open.Chunk != nil }

// Append adds fh or, if that is nil, h. Times ascend. If that completes a chunk,
// it is returned, and ok is true. After an error, which is about the histogram,
// the Packer is as before.
func (p *Packer) Append(t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (done Packed, ok bool, err error) {
	if p.open.Chunk != nil && (p.float != (fh != nil) || p.full()) {
		done, ok = p.Cut()
	}
	if p.open.Chunk == nil {
		if err := p.begin(t, fh != nil); err != nil {
			return done, ok, err
		}
	}
	next, recoded, app, err := p.add(t, h, fh)
	switch {
	case err != nil:
		if p.open.Chunk.NumSamples() == 0 {
			p.open.Chunk = nil
		}
		return done, ok, err
	case next != nil && !recoded:
		done, ok = p.open, true
		p.open = Packed{next, t, t}
	case next != nil:
		p.open.Chunk = next
	}
	p.app, p.open.MaxTime = app, t
	return done, ok, nil
}

// AppendStale ends the series, in the kind of chunk that is open.
func (p *Packer) AppendStale(t int64) (done Packed, ok bool, err error) {
	h := Stale()
	if p.float {
		return p.Append(t, nil, h.ToFloat(nil))
	}
	return p.Append(t, h, nil)
}

// Cut completes the open chunk and returns it; ok is false if there is none.
func (p *Packer) Cut() (done Packed, ok bool) {
	if p.open.Chunk == nil {
		return Packed{}, false
	}
	done = p.open
	p.open.Chunk, p.app, p.before = nil, nil, p.app
	return done, true
}

// begin opens a chunk.
func (p *Packer) begin(t int64, float bool) error {
	if p.float != float {
		p.before = nil
	}
	p.float = float
	var c chunkenc.Chunk = chunkenc.NewHistogramChunk()
	if float {
		c = chunkenc.NewFloatHistogramChunk()
	}
	app, err := c.Appender()
	p.open, p.app = Packed{c, t, t}, app
	return err
}

// add appends to the chunk. If that needs another one, next is it: recoded with
// all that the chunk held, or beginning anew after it.
func (p *Packer) add(t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (next chunkenc.Chunk, recoded bool, app chunkenc.Appender, err error) {
	if fh != nil {
		return p.app.AppendFloatHistogram(p.before, 0, t, fh, false)
	}
	return p.app.AppendHistogram(p.before, 0, t, h, false)
}

// full reports whether the chunk is as large as Prometheus makes them.
func (p *Packer) full() bool {
	n := p.open.Chunk.NumSamples()
	return n >= SamplesPerChunk || n >= chunkenc.MinSamplesPerHistogramChunk && len(p.open.Chunk.Bytes()) >= chunkenc.TargetBytesPerHistogramChunk
}
