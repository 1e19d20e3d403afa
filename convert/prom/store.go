package prom

import "iter"

// Stored has samples series by series, such as convert/tsdb's Store.
type SampleStore interface {
	// Series yields the series that have samples, in order of first sight.
	Series() iter.Seq[*Series]
	// Samples yields the numbers of a series by ascending time, the StaleNaN that
	// ends it among them. After an error there are no more. Several series may be
	// read at once.
	Samples(s *Series) iter.Seq2[Sample, error]
	// Exemplars yields the exemplars of a series by ascending time of their
	// samples, as Samples does numbers.
	Exemplars(s *Series) iter.Seq2[Sample, error]
}
