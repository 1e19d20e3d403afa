package prom

import (
	"context"
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// StaleNaN is the value that ends a series in Prometheus. Only its bits tell it
// from other NaNs: move it as a float64, never through a float32.
var StaleNaN = math.Float64frombits(staleBits)

const staleBits = 0x7ff0000000000002

// IsStale reports whether v is StaleNaN.
func IsStale(v float64) bool { return math.Float64bits(v) == staleBits }

// PromSeries is a Prometheus series. Pointers are equal where labels are, so a consumer may key its own state by them.
type Series struct {
	Family *Family
	Name   string  // of the samples
	Labels []Label // without the name, sorted by name, none empty
	Sem    pcp.Semantics
	ID     int // 0, 1, … in order of first sight
	// Origin is the PCP metric that it was made of last, with the units and type
	// of the samples; nil if it came from Prometheus, now or once.
	PCPMetric *history.Metric
	// Member is the archive's series that it was made of last, which has the
	// instance's number and labels; nil if Origin is.
	PCPSeries *history.Series
	// Before is what it was made of earlier, oldest first.
	Earlier []Origin
	// TextLabel is the label that has the text, of a series of a text metric.
	TextLabel string
}

// Sample is one item of a series: a number, a native histogram, or an exemplar.
type Sample struct {
	T int64   // milliseconds since 1970
	V float64 // the number; StaleNaN ends the series, whatever its values are
	// Histogram, unless it is nil, is a native histogram in the form of
	// convert/nativehist; V then says nothing.
	Histogram []byte
	// Exemplar, unless it is nil, is an exemplar of the sample of time T, which
	// came before it; V and Histogram then say nothing.
	Exemplar *Exemplar
}

// SampleSink is the one way of samples: every stage and every format takes them
// so. Each series comes by ascending time and has a StaleNaN where it ends; a
// sink says whether all samples together must ascend, too. A sink that cannot
// hold histograms or exemplars counts them in its [Report].
//
// After the last sample its user calls Flush and then Close, and Close alone to
// give up:
//
//	err := src.Samples(ctx, sink)
//	if err == nil {
//		err = sink.Flush(ctx)
//	}
//	return errors.Join(err, sink.Close())
type SampleSink interface {
	// Append takes samples of one series. The batch and what it refers to are
	// borrowed for the call.
	Append(s *Series, batch []Sample) error
	// Flush completes what was taken: it hands on what is held back and flushes
	// what the sink feeds. ctx ends it early. No samples follow.
	Flush(ctx context.Context) error
	// Close frees what the sink holds and closes what it feeds. Samples that were
	// not flushed are given up. Close may be called more than once.
	Close() error
}

// SinkFunc is a SampleSink that is a function, with nothing to flush or close.
type SinkFunc func(s *Series, batch []Sample) error

// Append calls f.
func (f SinkFunc) Append(s *Series, batch []Sample) error { return f(s, batch) }

// Flush does nothing.
func (SinkFunc) Flush(context.Context) error { return nil }

// Close does nothing.
func (SinkFunc) Close() error { return nil }

// A SampleSource has Prometheus samples. What follows it is a chain of
// SampleSinks: a [Sorter] if it is not in order of time, relabelling, and then
// either a sink of Prometheus' kind or an [assemble.Assembler], which makes steps.
type SampleSource interface {
	// Samples hands all samples to dst, which it neither flushes nor closes. Each
	// series comes by ascending time; a source says whether all samples together
	// do, too. Every series has one PromSeries with an ID of its own, counted
	// from 0.
	Samples(ctx context.Context, dst SampleSink) error
}
