package query

import (
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert"
)

// series is one series in two columns.
type series struct {
	labels   labels.Labels
	discrete bool
	times    []int64 // ms, ascending
	values   []float64
}

// add appends a sample; of two at one time the later stands.
func (s *series) add(t int64, v float64) {
	if n := len(s.times); n > 0 && s.times[n-1] == t {
		s.values[n-1] = v
		return
	}
	s.times, s.values = append(s.times, t), append(s.values, v)
}

// cut drops what lies outside [mint, maxt].
func (s *series) cut(mint, maxt int64) {
	lo := sort.Search(len(s.times), func(i int) bool { return s.times[i] >= mint })
	hi := sort.Search(len(s.times), func(i int) bool { return s.times[i] > maxt })
	hi = max(lo, hi)
	s.times, s.values = s.times[lo:hi], s.values[lo:hi]
}

// carryForward repeats every value until the next one, and the last until end,
// so that from start on no gap is longer than every.
func (s *series) carryForward(every, start, end int64) {
	times, values := make([]int64, 0, len(s.times)), make([]float64, 0, len(s.values))
	for i, t := range s.times {
		v, next := s.values[i], end+1
		if i+1 < len(s.times) {
			next = s.times[i+1]
		}
		times, values = append(times, t), append(values, v)
		for t = max(t+every, start); t < next && !convert.IsStale(v); t += every {
			times, values = append(times, t), append(values, v)
		}
	}
	s.times, s.values = times, values
}

// Labels returns the series' labels, its name among them.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator returns an iterator over the samples, reusing it if it can.
func (s *series) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	if own, ok := it.(*iterator); ok {
		*own = iterator{s: s, at: -1}
		return own
	}
	return &iterator{s: s, at: -1}
}

// iterator walks a series.
type iterator struct {
	s  *series
	at int
}

var _ chunkenc.Iterator = (*iterator)(nil)

func (it *iterator) value() chunkenc.ValueType {
	if it.at >= len(it.s.times) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// Next goes to the next sample.
func (it *iterator) Next() chunkenc.ValueType {
	it.at = min(it.at+1, len(it.s.times))
	return it.value()
}

// Seek goes to the first sample at or after t, never backwards.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	it.at = max(it.at, 0)
	i, _ := slices.BinarySearch(it.s.times[min(it.at, len(it.s.times)):], t)
	it.at += i
	return it.value()
}

// At returns the current sample.
func (it *iterator) At() (int64, float64) { return it.s.times[it.at], it.s.values[it.at] }

// AtT returns the current time.
func (it *iterator) AtT() int64 { return it.s.times[it.at] }

// AtST returns 0: archives keep no start times.
func (*iterator) AtST() int64 { return 0 }

// AtHistogram is never called: all values are floats.
func (*iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }

// AtFloatHistogram is never called: all values are floats.
func (*iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}

// Err returns nil: the samples are in memory.
func (*iterator) Err() error { return nil }

// seriesSet yields series in order.
type seriesSet struct {
	series   []storage.Series
	at       int
	warnings annotations.Annotations
}

// Next goes to the next series.
func (s *seriesSet) Next() bool { s.at++; return s.at < len(s.series) }

// At returns the current series.
func (s *seriesSet) At() storage.Series { return s.series[s.at] }

// Err returns nil: the series are in memory.
func (*seriesSet) Err() error { return nil }

// Warnings tells of damage in the archive.
func (s *seriesSet) Warnings() annotations.Annotations { return s.warnings }
