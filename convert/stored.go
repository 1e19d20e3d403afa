package convert

import "iter"

// Point is a value at a time in milliseconds.
type Point struct {
	Time  int64
	Value float64
}

// Stored has samples series by series, such as convert/tsdb's Store.
type Stored interface {
	// Series yields the series that have samples, in order of first sight.
	Series() iter.Seq[*PromSeries]
	// Samples yields the samples of a series by ascending time, the StaleNaN that
	// ends it among them. After an error there are no more. Several series may be
	// read at once.
	Samples(s *PromSeries) iter.Seq2[Point, error]
}
