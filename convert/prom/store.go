package prom

import "iter"

// SampleStore keeps samples and gives them back series by series. A reader may
// iterate over several series at the same time.
type SampleStore interface {
	// Series yields the series that have samples, in order of first sight.
	Series() iter.Seq[*Series]
	// Samples yields the numbers of a series by ascending time, including each
	// StaleNaN. An error ends the sequence.
	Samples(s *Series) iter.Seq2[Sample, error]
	// Exemplars yields the exemplars of a series by ascending time of their
	// samples. An error ends the sequence.
	Exemplars(s *Series) iter.Seq2[Sample, error]
}
