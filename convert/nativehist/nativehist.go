// Package nativehist is the form in which an archive keeps a native histogram:
// the message prometheus.Histogram of Prometheus' remote write, without its
// time, as the bytes of an aggregate value. Any language with the message's
// public definition reads it. The metric has the item label prom_encoding, which
// is the message's name.
package nativehist

import (
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
)

// Encode returns the bytes of a histogram: of fh, or of h if fh is nil.
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

// Decode returns the histogram that data holds: one of integers or one of
// floats, and the other nil. One that is not consistent, as damaged data may
// hold, is an error.
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

// IsStale reports whether a histogram ends its series.
func IsStale(h *histogram.Histogram, fh *histogram.FloatHistogram) bool {
	if fh != nil {
		return value.IsStaleNaN(fh.Sum)
	}
	return h != nil && value.IsStaleNaN(h.Sum)
}

// Stale returns the histogram that ends a series of histograms.
func Stale() *histogram.Histogram {
	return &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN)}
}
