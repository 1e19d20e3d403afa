package tsdb

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativehist"
)

// histograms is the open chunk of native histograms of a series. Numbers and
// histograms of a series take turns: each change is a new chunk.
type histograms struct {
	chunk      chunkenc.Chunk // nil: none is open
	app        chunkenc.Appender
	before     chunkenc.Appender // of the chunk before, by which a reset is told
	float      bool              // it holds histograms of floats
	mint, maxt int64
}

var _ convert.HistogramSamples = (*Blocks)(nil)

// Histogram adds a native histogram, as Sample adds a number. Of two samples in
// one millisecond of which one is a histogram the first stays.
func (b *Blocks) Histogram(s *convert.PromSeries, t int64, data []byte) error {
	e, err := b.enter(s, t)
	if err != nil || e.unfit {
		return err
	}
	h, fh, err := nativehist.Decode(data)
	if err != nil {
		b.report.Add(convert.LossUndecodable, s.Name)
		return nil
	}
	last, ok := e.last()
	switch {
	case ok && t < last:
		return &OrderError{Series: e.lset.String(), Time: t, Last: last}
	case ok && t == last:
		b.report.Add(convert.LossSameTime, s.Name)
		return nil
	case e.chunk == nil:
		b.begin(e)
	case e.n > 0:
		if err := b.pack(e); err != nil {
			return b.fail(err)
		}
		if err := b.cut(e); err != nil {
			return b.fail(err)
		}
	}
	if e.hist == nil {
		e.hist = &histograms{}
	}
	if err := b.addHistogram(e, t, h, fh); err != nil {
		return b.fail(err)
	}
	return nil
}

// last returns the time of a series' last sample in the window.
func (e *series) last() (t int64, ok bool) {
	switch {
	case e.n > 0:
		return e.batch[e.n-1].t, true
	case e.hist != nil && e.hist.chunk != nil:
		return e.hist.maxt, true
	}
	return 0, false
}

// afterHistogram adds a number to a series whose last sample is a histogram. If
// it is a staleness marker, the end of the series is a histogram, too.
func (b *Blocks) afterHistogram(e *series, t int64, v float64) error {
	switch last := e.hist.maxt; {
	case t < last:
		return &OrderError{Series: e.lset.String(), Time: t, Last: last}
	case t == last:
		b.report.Add(convert.LossSameTime, e.prom.Name)
		return nil
	}
	if !convert.IsStale(v) {
		if err := b.cutHistogram(e); err != nil {
			return b.fail(err)
		}
		e.batch[0] = sample{t, v}
		e.n = 1
		return nil
	}
	h, fh := nativehist.Stale(), (*histogram.FloatHistogram)(nil)
	if e.hist.float {
		h, fh = nil, h.ToFloat(nil)
	}
	if err := b.addHistogram(e, t, h, fh); err != nil {
		return b.fail(err)
	}
	return nil
}

// addHistogram adds h or fh to the open chunk, and begins another where one ends:
// where it is full, at a reset, and where integers turn into floats or back.
func (b *Blocks) addHistogram(e *series, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) error {
	c := e.hist
	if c.chunk != nil && (c.float != (fh != nil) || c.full()) {
		if err := b.cutHistogram(e); err != nil {
			return err
		}
	}
	if c.chunk == nil {
		if c.float != (fh != nil) {
			c.before = nil
		}
		if err := c.open(t, fh != nil); err != nil {
			return err
		}
	}
	next, recoded, app, err := c.add(t, h, fh)
	if err != nil {
		b.report.Add(convert.LossUndecodable, e.prom.Name)
		return nil
	}
	if next != nil && !recoded {
		if err := b.cutHistogram(e); err != nil {
			return err
		}
		c.mint = t
	}
	if next != nil {
		c.chunk = next
	}
	c.app, c.maxt = app, t
	return nil
}

// add appends to the chunk. If that needs another one, next is it: recoded with
// all that the chunk held, or beginning anew after it.
func (c *histograms) add(t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (next chunkenc.Chunk, recoded bool, app chunkenc.Appender, err error) {
	if fh != nil {
		return c.app.AppendFloatHistogram(c.before, 0, t, fh, false)
	}
	return c.app.AppendHistogram(c.before, 0, t, h, false)
}

// open begins a chunk.
func (c *histograms) open(t int64, float bool) (err error) {
	c.chunk, c.float, c.mint = chunkenc.NewHistogramChunk(), float, t
	if float {
		c.chunk = chunkenc.NewFloatHistogramChunk()
	}
	c.app, err = c.chunk.Appender()
	return err
}

// full reports whether a chunk is as large as Prometheus makes them.
func (c *histograms) full() bool {
	n := c.chunk.NumSamples()
	return n >= samplesPerChunk || n >= chunkenc.MinSamplesPerHistogramChunk && len(c.chunk.Bytes()) >= chunkenc.TargetBytesPerHistogramChunk
}

// cutHistogram moves the open chunk of histograms, if there is one, to the spill
// file.
func (b *Blocks) cutHistogram(e *series) error {
	c := e.hist
	if c == nil || c.chunk == nil {
		return nil
	}
	data := c.chunk.Bytes()
	b.size += storedSize(len(data))
	err := b.spill.put(&e.full, record{c.mint, c.maxt, c.chunk.Encoding(), data})
	c.chunk, c.app, c.before = nil, nil, c.app
	return err
}
