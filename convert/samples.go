package convert

import (
	"context"
	"math"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// StaleNaN is the value that ends a series in Prometheus. Only its bits tell it
// from other NaNs: move it as a float64, never through a float32.
var StaleNaN = math.Float64frombits(staleBits)

const staleBits = 0x7ff0000000000002

// IsStale reports whether v is StaleNaN.
func IsStale(v float64) bool { return math.Float64bits(v) == staleBits }

// PromSeries is a Prometheus series. Pointers are equal where labels are, so a consumer may key its own state by them.
type PromSeries struct {
	Family *Family
	Name   string  // of the samples
	Labels []Label // without the name, sorted by name, none empty
	Sem    pcp.Semantics
	ID     int // 0, 1, … in order of first sight
	// Origin is the PCP metric that it was made of last, with the units and type
	// of the samples; nil if it came from Prometheus, now or once.
	Origin *archive.Metric
	// Member is the archive's series that it was made of last, which has the
	// instance's number and labels; nil if Origin is.
	Member *archive.Series
	// Before is what it was made of earlier, oldest first.
	Before []Was
	// TextLabel is the label that has the text, of a series of a text metric.
	TextLabel string
}

// Samples takes what a Flattener makes of steps: for each series ascending
// times in milliseconds and, where the series ends, StaleNaN.
type Samples interface {
	Sample(s *PromSeries, t int64, v float64) error
}

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
