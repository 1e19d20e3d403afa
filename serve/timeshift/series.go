package timeshift

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// seriesSet yields series at moved times.
type seriesSet struct {
	storage.SeriesSet
	move Move
}

// At returns the current series.
func (s seriesSet) At() storage.Series { return series{s.SeriesSet.At(), s.move} }

// series has its samples at moved times.
type series struct {
	inner storage.Series
	move  Move
}

// Labels returns the labels.
func (s series) Labels() labels.Labels { return s.inner.Labels() }

// Iterator returns an iterator over the visible samples, and reuses it if it can.
func (s series) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	own, ok := it.(*iterator)
	if !ok {
		own = &iterator{}
	}
	own.Iterator, own.move, own.ended = s.inner.Iterator(own.Iterator), s.move, false
	return own
}

// iterator moves the times of another one.
type iterator struct {
	chunkenc.Iterator
	move  Move
	ended bool // the next sample is hidden
}

// Next goes to the next sample.
func (it *iterator) Next() chunkenc.ValueType {
	if it.ended {
		return chunkenc.ValNone
	}
	return it.visible(it.Iterator.Next())
}

// Seek goes to the first sample at or after t, never backwards.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	if it.ended {
		return chunkenc.ValNone
	}
	return it.visible(it.Iterator.Seek(it.move.Back(t)))
}

// visible returns the kind of a sample, and ValNone if it is hidden.
func (it *iterator) visible(kind chunkenc.ValueType) chunkenc.ValueType {
	if kind != chunkenc.ValNone && it.Iterator.AtT() > it.move.Until {
		it.ended = true
		return chunkenc.ValNone
	}
	return kind
}

// At returns the current sample.
func (it *iterator) At() (int64, float64) {
	t, v := it.Iterator.At()
	return it.move.Forth(t), v
}

// AtHistogram returns the current histogram of integers.
func (it *iterator) AtHistogram(h *histogram.Histogram) (int64, *histogram.Histogram) {
	t, h := it.Iterator.AtHistogram(h)
	return it.move.Forth(t), h
}

// AtFloatHistogram returns the current histogram.
func (it *iterator) AtFloatHistogram(h *histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	t, h := it.Iterator.AtFloatHistogram(h)
	return it.move.Forth(t), h
}

// AtT returns the time of the current sample.
func (it *iterator) AtT() int64 { return it.move.Forth(it.Iterator.AtT()) }

// AtST returns the start time of the current sample, 0 if it has none.
func (it *iterator) AtST() int64 {
	if t := it.Iterator.AtST(); t != 0 {
		return it.move.Forth(t)
	}
	return 0
}
