package prom

import (
	"context"
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// StaleNaN is the value that ends a series in Prometheus. Its bits differ from
// those of other NaNs: keep it as a float64, never convert it to a float32.
var StaleNaN = math.Float64frombits(staleBits)

const staleBits = 0x7ff0000000000002

// IsStale reports whether v is StaleNaN.
func IsStale(v float64) bool { return math.Float64bits(v) == staleBits }

// Series is a Prometheus series. One source has one pointer for each label set,
// so a consumer may key its own state by pointer or by ID. The source may change
// Family, Sem and the origin between samples; consumers only read.
type Series struct {
	Family *Family // nil if nobody knows it
	Name   string  // the name of the samples, which may extend the family's
	Labels []Label // without the name, sorted by name, no empty values
	Sem    pcp.Semantics
	ID     int // the source counts its series 0, 1, … in order of first sight
	// PCPMetric is the PCP metric that the series is made from, with the type and
	// units of the samples. It is nil if the series came from Prometheus, also if
	// it reached PCP since.
	PCPMetric *history.Metric
	// PCPSeries is the archive's series that the series is made from. It has the
	// instance's number and labels. It is nil if PCPMetric is nil.
	PCPSeries *history.Series
	// Earlier lists the origins before PCPMetric and PCPSeries, oldest first.
	Earlier []Origin
	// TextLabel names the label that holds the text of a text metric. It is empty
	// for all other series.
	TextLabel string
}

// Sample is one item of a series: a number, a native histogram, or an exemplar.
type Sample struct {
	T int64   // milliseconds since 1970
	V float64 // the number; StaleNaN ends a series of numbers or histograms
	// Histogram is a native histogram in the form of convert/nativehist, and V has
	// no meaning. It is nil in other samples.
	Histogram []byte
	// Exemplar is an exemplar of the sample of time T, which came before it; V and
	// Histogram have no meaning. It is nil in other samples.
	Exemplar *Exemplar
}

// SampleSink takes samples. Every stage and every format implements it.
//
// The samples of each series come by ascending time. A StaleNaN marks the end of
// a series. Each sink documents whether the samples of all series together must
// ascend, too. A sink that cannot hold histograms or exemplars counts them in its
// [Report].
//
// After the last sample the user calls Flush and then Close. To give up, the user
// calls Close alone:
//
//	err := src.Samples(ctx, sink)
//	if err == nil {
//		err = sink.Flush(ctx)
//	}
//	return errors.Join(err, sink.Close())
type SampleSink interface {
	// Append takes samples of one series. The sink may use the batch, and the
	// histograms and exemplars in it, only until Append returns.
	Append(s *Series, batch []Sample) error
	// Flush hands on all samples that the sink still holds and flushes the sink
	// that it feeds. It stops early when ctx is done. No Append may follow.
	Flush(ctx context.Context) error
	// Close frees the resources of the sink and closes the sink that it feeds. Samples
	// that were not flushed are lost. Close may be called more than once.
	Close() error
}

// SinkFunc makes a SampleSink from a function; its Flush and Close do nothing.
type SinkFunc func(s *Series, batch []Sample) error

// Append calls f.
func (f SinkFunc) Append(s *Series, batch []Sample) error { return f(s, batch) }

// Flush does nothing.
func (SinkFunc) Flush(context.Context) error { return nil }

// Close does nothing.
func (SinkFunc) Close() error { return nil }

// SampleSource has Prometheus samples. It feeds a chain of SampleSinks: a
// [Sorter] if its samples are not in order of time, relabelling, and then a
// Prometheus format or an Assembler of package assemble, which makes PCP steps.
type SampleSource interface {
	// Samples hands all samples to dst and neither flushes nor closes it. The
	// samples of each series come by ascending time. Each source documents whether
	// the samples of all series together do, too. Each series has one *Series with
	// an ID of its own, counted from 0.
	Samples(ctx context.Context, dst SampleSink) error
}

// Fits reports whether the name and all labels of s are short enough for
// Prometheus' label type. Check this before building labels.Labels.
func (s *Series) Fits() bool {
	for _, l := range s.Labels {
		if !FitsLabel(l.Name) || !FitsLabel(l.Value) {
			return false
		}
	}
	return FitsLabel(s.Name)
}
