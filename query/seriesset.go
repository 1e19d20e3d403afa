package query

import (
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// NewSeriesSet returns a set of series in memory, in the given order, with warnings.
func NewSeriesSet(series []storage.Series, warnings annotations.Annotations) storage.SeriesSet {
	return &seriesSet{series: series, at: -1, warnings: warnings}
}

// seriesSet yields series in order.
type seriesSet struct {
	series   []storage.Series
	at       int // index of the current series; -1 before the first
	warnings annotations.Annotations
}

// Next goes to the next series.
func (s *seriesSet) Next() bool { s.at++; return s.at < len(s.series) }

// At returns the current series.
func (s *seriesSet) At() storage.Series { return s.series[s.at] }

// Err returns nil: the series are in memory.
func (*seriesSet) Err() error { return nil }

// Warnings returns the damage that affects the series.
func (s *seriesSet) Warnings() annotations.Annotations { return s.warnings }
