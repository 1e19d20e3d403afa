package convert

import "context"

// A SampleSource has Prometheus samples. What follows it is a chain of Samples:
// a [Sorter] if it is not in order of time, relabelling, and then either a sink
// of Prometheus' kind or an [Assembler], which makes steps.
type SampleSource interface {
	// Samples hands all samples to dst and does not close it. Each series comes
	// by ascending time; a source says whether all samples together do, too.
	// Every series has one PromSeries with an ID of its own, counted from 0.
	Samples(ctx context.Context, dst Samples) error
}

// Closer is a Samples that holds samples back until it is closed.
type Closer interface {
	Samples
	// Close passes on what is held back, and closes what it feeds.
	Close() error
}
