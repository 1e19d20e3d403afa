// Package sinktest adapts sinks of single samples to prom.SampleSink, and
// passes single samples to a SampleSink, for tests.
package sinktest

import (
	"context"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// Numbers accepts numbers. An implementation may also have the methods
// Histogram, Exemplar and Close; Sink counts the items for which a method is
// missing.
type Numbers interface {
	Sample(s *prom.Series, t int64, v float64) error
}

type sink struct {
	dst    Numbers
	report *prom.Report
}

// Sink returns a SampleSink that passes each item to dst. The optional report
// counts the items that dst does not accept.
func Sink(dst Numbers, report ...*prom.Report) prom.SampleSink {
	s := &sink{dst: dst}
	if len(report) > 0 {
		s.report = report[0]
	}
	return s
}

// Append passes the items of a batch to dst.
func (k *sink) Append(s *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		if err := k.one(s, &batch[i]); err != nil {
			return err
		}
	}
	return nil
}

func (k *sink) one(s *prom.Series, x *prom.Sample) error {
	switch {
	case x.Exemplar != nil:
		if dst, ok := k.dst.(interface {
			Exemplar(s *prom.Series, t int64, e prom.Exemplar) error
		}); ok {
			return dst.Exemplar(s, x.T, *x.Exemplar)
		}
		k.report.Add(prom.LossExemplar, s.Name)
		return nil
	case x.Histogram != nil:
		if dst, ok := k.dst.(interface {
			Histogram(s *prom.Series, t int64, data []byte) error
		}); ok {
			return dst.Histogram(s, x.T, x.Histogram)
		}
		k.report.Add(prom.LossNativeHist, s.Name)
		return nil
	}
	return k.dst.Sample(s, x.T, x.V)
}

// Flush does nothing.
func (*sink) Flush(context.Context) error { return nil }

// Close closes dst if it has a Close method.
func (k *sink) Close() error {
	if c, ok := k.dst.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// Put appends a number.
func Put(dst prom.SampleSink, s *prom.Series, t int64, v float64) error {
	return dst.Append(s, []prom.Sample{{T: t, V: v}})
}

// PutHistogram appends a native histogram.
func PutHistogram(dst prom.SampleSink, s *prom.Series, t int64, data []byte) error {
	return dst.Append(s, []prom.Sample{{T: t, Histogram: data}})
}

// PutExemplar appends an exemplar.
func PutExemplar(dst prom.SampleSink, s *prom.Series, t int64, e prom.Exemplar) error {
	return dst.Append(s, []prom.Sample{{T: t, Exemplar: &e}})
}

// Finish flushes and closes a sink.
func Finish(dst prom.SampleSink) error {
	if err := dst.Flush(context.Background()); err != nil {
		return err
	}
	return dst.Close()
}
