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
func (set *seriesSet) Next() bool { set.at++; return set.at < len(set.series) }

// At returns the current series.
func (set *seriesSet) At() storage.Series { return set.series[set.at] }

// Err returns nil: the series are in memory.
func (*seriesSet) Err() error { return nil }

// Warnings returns the damage that affects the series.
func (set *seriesSet) Warnings() annotations.Annotations { return set.warnings }
