package write

import (
	"errors"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// addHistogram adds a native histogram.
func (b *Blocks) addHistogram(s *prom.Series, t int64, data []byte) error {
	e, err := b.seriesAt(s, t)
	if err != nil || e.unfit {
		return err
	}
	h, fh, err := nativehist.Decode(data)
	if err != nil {
		b.report.Add(prom.LossUndecodable, s.Name)
		return nil
	}
	last, ok := e.last()
	switch {
	case ok && t < last:
		return &OrderError{Series: e.lset.String(), Time: t, Last: last}
	case ok && t == last:
		b.report.Add(prom.LossSameTime, s.Name)
		return nil
	case !e.live:
		b.addLive(e)
	case e.n > 0:
		if err := b.pack(e); err != nil {
			return b.fail(err)
		}
		if err := b.spillChunk(e); err != nil {
			return b.fail(err)
		}
	}
	if e.hist == nil {
		e.hist = &nativehist.Packer{}
	}
	done, full, err := e.hist.Append(t, h, fh)
	if err != nil {
		b.report.Add(prom.LossUndecodable, s.Name)
	}
	return b.failIf(b.spillPacked(e, done, full))
}

// last returns the time of a series' last sample in the window.
func (e *openSeries) last() (t int64, ok bool) {
	switch {
	case e.n > 0:
		return e.batch[e.n-1].T, true
	case e.hist != nil:
		return e.hist.Last()
	}
	return 0, false
}

// addAfterHistogram adds a number to a series whose last sample is a histogram at the time
// last. A staleness marker becomes a histogram, too.
func (b *Blocks) addAfterHistogram(e *openSeries, t int64, v float64, last int64) error {
	switch {
	case t < last:
		return &OrderError{Series: e.lset.String(), Time: t, Last: last}
	case t == last:
		b.report.Add(prom.LossSameTime, e.prom.Name)
		return nil
	}
	if !prom.IsStale(v) {
		e.batch[0] = chunk.Sample{T: t, V: v}
		e.n = 1
		return b.failIf(b.spillHistograms(e))
	}
	done, full, err := e.hist.AppendStale(t)
	return b.failIf(errors.Join(err, b.spillPacked(e, done, full)))
}

// failIf calls fail if err is an error.
func (b *Blocks) failIf(err error) error {
	if err != nil {
		return b.fail(err)
	}
	return nil
}

// spillHistograms moves the open chunk of histograms to the temporary file, if there is
// one.
func (b *Blocks) spillHistograms(e *openSeries) error {
	if e.hist == nil {
		return nil
	}
	done, ok := e.hist.Cut()
	return b.spillPacked(e, done, ok)
}

// spillPacked moves a chunk of histograms to the temporary file if ok is true.
func (b *Blocks) spillPacked(e *openSeries, done nativehist.Packed, ok bool) error {
	if !ok {
		return nil
	}
	data := done.Chunk.Bytes()
	b.size += storedSize(len(data))
	return b.spill.Put(&e.full, chunk.Record{MinTime: done.MinTime, MaxTime: done.MaxTime, Encoding: done.Chunk.Encoding(), Data: data})
}
