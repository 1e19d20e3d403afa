package query

import (
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

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

// Warnings returns the damage of the archives.
func (s *seriesSet) Warnings() annotations.Annotations { return s.warnings }
