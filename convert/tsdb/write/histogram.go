package write

import (
	"errors"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// histogram adds a native histogram.
func (b *Blocks) histogram(s *prom.Series, t int64, data []byte) error {
	e, err := b.enter(s, t)
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
		e.hist = &nativehist.Packer{}
	}
	done, full, err := e.hist.Append(t, h, fh)
	if err != nil {
		b.report.Add(prom.LossUndecodable, s.Name)
	}
	return b.failed(b.packed(e, done, full))
}

// last returns the time of a series' last sample in the window.
func (e *series) last() (t int64, ok bool) {
	switch {
	case e.n > 0:
		return e.batch[e.n-1].T, true
	case e.hist != nil:
		return e.hist.Last()
	}
	return 0, false
}

// afterHistogram adds a number to a series whose last sample is a histogram of
// time last. If it is a staleness marker, the end of the series is a histogram, too.
func (b *Blocks) afterHistogram(e *series, t int64, v float64, last int64) error {
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
		return b.failed(b.cutHistogram(e))
	}
	done, full, err := e.hist.AppendStale(t)
	return b.failed(errors.Join(err, b.packed(e, done, full)))
}

// failed is fail, if there is an error.
func (b *Blocks) failed(err error) error {
	if err != nil {
		return b.fail(err)
	}
	return nil
}

// cutHistogram moves the open chunk of histograms, if there is one, to the spill
// file.
func (b *Blocks) cutHistogram(e *series) error {
	if e.hist == nil {
		return nil
	}
	done, ok := e.hist.Cut()
	return b.packed(e, done, ok)
}

// packed moves a chunk of histograms, if there is one, to the spill file.
func (b *Blocks) packed(e *series, done nativehist.Packed, ok bool) error {
	if !ok {
		return nil
	}
	data := done.Chunk.Bytes()
	b.size += storedSize(len(data))
	return b.spill.Put(&e.full, chunk.Record{MinTime: done.MinTime, MaxTime: done.MaxTime, Encoding: done.Chunk.Encoding(), Data: data})
}
