package nativehist

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Packed is a chunk of native histograms with the times of its first and last
// sample, in milliseconds.
type Packed struct {
	Chunk            chunkenc.Chunk
	MinTime, MaxTime int64
}

// SamplesPerChunk is the maximum number of samples in a chunk of numbers or histograms of
// Prometheus. A reader decodes a chunk from its start.
const SamplesPerChunk = 120

// Packer puts the native histograms of a series into chunks as Prometheus does. A
// chunk ends when it is full, when the counters reset, and when the counts change
// between integers and floats. The zero Packer is ready for use.
type Packer struct {
	open   Packed            // the open chunk; open.Chunk is nil if there is none
	app    chunkenc.Appender // appends to the open chunk
	before chunkenc.Appender // appender of the previous chunk; it detects a reset
	float  bool              // the open chunk has counts of floats
}

// Last returns the time of the last histogram in the open chunk; ok is false if
// there is none.
func (p *Packer) Last() (t int64, ok bool) { return p.open.MaxTime, p.open.Chunk != nil }

// Append adds fh or, if fh is nil, h. Times must ascend. If this completes a chunk,
// done is the chunk and ok is true. After an error the histogram is left out, and the
// Packer remains usable.
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

// AppendStale marks the end of the series, in the open chunk if there is one.
func (p *Packer) AppendStale(t int64) (done Packed, ok bool, err error) {
	h := Stale()
	if p.float {
		return p.Append(t, nil, h.ToFloat(nil))
	}
	return p.Append(t, h, nil)
}

// Cut completes and returns the open chunk; ok is false if there is none.
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

// add appends to the open chunk. If that cannot hold the histogram, next is a new
// chunk. It replaces the open chunk if recoded is set, and follows it otherwise.
func (p *Packer) add(t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (next chunkenc.Chunk, recoded bool, app chunkenc.Appender, err error) {
	if fh != nil {
		return p.app.AppendFloatHistogram(p.before, 0, t, fh, false)
	}
	return p.app.AppendHistogram(p.before, 0, t, h, false)
}

// full reports whether the open chunk has the size at which Prometheus ends a chunk.
func (p *Packer) full() bool {
	n := p.open.Chunk.NumSamples()
	return n >= SamplesPerChunk || n >= chunkenc.MinSamplesPerHistogramChunk && len(p.open.Chunk.Bytes()) >= chunkenc.TargetBytesPerHistogramChunk
}
