// Package nativehist encodes and decodes native histograms as an archive keeps
// them: as the bytes of an aggregate value. The bytes are the message
// prometheus.Histogram of Prometheus' remote write, without its time. The metric
// has the name of the message as its item label prom_encoding, so any program with
// the public definition of the message can read the value.
//
// [Encode] and [Decode] translate one histogram. A [Packer] puts the histograms of
// a series into chunks for Prometheus' blocks.
package nativehist

import (
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
)

// Encode returns the bytes of fh or, if fh is nil, of h. It is an error if both are
// nil.
func Encode(h *histogram.Histogram, fh *histogram.FloatHistogram) ([]byte, error) {
	switch {
	case fh != nil:
		m := prompb.FromFloatHistogram(0, fh)
		return m.Marshal()
	case h != nil:
		m := prompb.FromIntHistogram(0, h)
		return m.Marshal()
	}
	return nil, errors.New("native histogram: none given")
}

// Decode returns the histogram in data: the first result if its counts are
// integers, the second if they are floats. The other result is nil. It is an error
// if data is damaged or the histogram is inconsistent.
func Decode(data []byte) (*histogram.Histogram, *histogram.FloatHistogram, error) {
	var m prompb.Histogram
	if err := m.Unmarshal(data); err != nil {
		return nil, nil, fmt.Errorf("native histogram: %w", err)
	}
	if m.IsFloatHistogram() {
		fh := m.ToFloatHistogram()
		if err := fh.Validate(); err != nil {
			return nil, nil, fmt.Errorf("native histogram: %w", err)
		}
		return nil, fh, nil
	}
	if m.GetCount() == nil {
		return nil, nil, errors.New("native histogram: no count")
	}
	h := m.ToIntHistogram()
	if err := h.Validate(); err != nil {
		return nil, nil, fmt.Errorf("native histogram: %w", err)
	}
	return h, nil, nil
}

// IsStale reports whether a histogram marks the end of its series. Either argument
// may be nil.
func IsStale(h *histogram.Histogram, fh *histogram.FloatHistogram) bool {
	if fh != nil {
		return value.IsStaleNaN(fh.Sum)
	}
	return h != nil && value.IsStaleNaN(h.Sum)
}

// Stale returns the histogram that marks the end of a series.
func Stale() *histogram.Histogram {
	return &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN)}
}
