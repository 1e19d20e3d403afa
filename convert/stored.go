package convert

import "iter"

// Point is a value at a time in milliseconds.
type Point struct {
	Time  int64
	Value float64
}

// ExemplarAt is an exemplar of the sample of a time in milliseconds.
type ExemplarAt struct {
	Time int64
	Exemplar
}

// StoredExemplars is a [Stored] that has exemplars, too.
type StoredExemplars interface {
	Stored
	// Exemplars yields the exemplars of a series by ascending time of their
	// samples, as Samples does those.
	Exemplars(s *PromSeries) iter.Seq2[ExemplarAt, error]
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
