// Package sinktest takes samples one by one, for tests of what makes them.
package sinktest

import (
	"context"

	"github.com/pcparchive/pcparchive/convert"
)

// Numbers takes numbers. It may have the methods Histogram, Exemplar and Close,
// too; what it has no method for is counted.
type Numbers interface {
	Sample(s *convert.PromSeries, t int64, v float64) error
}

type sink struct {
	dst    Numbers
	report *convert.Report
}

// Sink returns a SampleSink that hands each item to dst. The report of what dst
// does not take may be missing.
func Sink(dst Numbers, report ...*convert.Report) convert.SampleSink {
	s := &sink{dst: dst}
	if len(report) > 0 {
		s.report = report[0]
	}
	return s
}

// Append hands a batch on, item by item.
func (k *sink) Append(s *convert.PromSeries, batch []convert.Sample) error {
	for i := range batch {
		if err := k.one(s, &batch[i]); err != nil {
			return err
		}
	}
	return nil
}

func (k *sink) one(s *convert.PromSeries, x *convert.Sample) error {
	switch {
	case x.Exemplar != nil:
		if dst, ok := k.dst.(interface {
			Exemplar(s *convert.PromSeries, t int64, e convert.Exemplar) error
		}); ok {
			return dst.Exemplar(s, x.T, *x.Exemplar)
		}
		k.report.Add(convert.LossExemplar, s.Name)
		return nil
	case x.Histogram != nil:
		if dst, ok := k.dst.(interface {
			Histogram(s *convert.PromSeries, t int64, data []byte) error
		}); ok {
			return dst.Histogram(s, x.T, x.Histogram)
		}
		k.report.Add(convert.LossNativeHist, s.Name)
		return nil
	}
	return k.dst.Sample(s, x.T, x.V)
}

// Flush does nothing.
func (*sink) Flush(context.Context) error { return nil }

// Close closes dst, if it can be closed.
func (k *sink) Close() error {
	if c, ok := k.dst.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// Put appends a number.
func Put(dst convert.SampleSink, s *convert.PromSeries, t int64, v float64) error {
	return dst.Append(s, []convert.Sample{{T: t, V: v}})
}

// PutHistogram appends a native histogram.
func PutHistogram(dst convert.SampleSink, s *convert.PromSeries, t int64, data []byte) error {
	return dst.Append(s, []convert.Sample{{T: t, Histogram: data}})
}

// PutExemplar appends an exemplar.
func PutExemplar(dst convert.SampleSink, s *convert.PromSeries, t int64, e convert.Exemplar) error {
	return dst.Append(s, []convert.Sample{{T: t, Exemplar: &e}})
}

// Finish flushes and closes a sink.
func Finish(dst convert.SampleSink) error {
	if err := dst.Flush(context.Background()); err != nil {
		return err
	}
	return dst.Close()
}
