package expo

import (
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// batch is a part of an input that the reading goroutine hands to the delivering
// one.
type batch struct {
	samples []batchSample
	changes []change      // by ascending at
	run     []prom.Sample // samples for one call of Append
}

type batchSample struct {
	series *prom.Series
	t      int64
	v      float64
}

// change is an item between two samples: a new family of a series, or an exemplar
// of the previous sample.
type change struct {
	at       int // index of the sample that follows
	series   *prom.Series
	family   *prom.Family   // the new family; nil for an exemplar
	exemplar *prom.Exemplar // nil for a family
	t        int64          // time of the exemplar's sample
}

const (
	batchSize = 4096
	batches   = 4
)

// deliver hands on a batch and applies its changes.
func (b *batch) deliver(dst prom.SampleSink) error {
	at := 0
	for _, c := range b.changes {
		if err := b.deliverRuns(dst, b.samples[at:c.at]); err != nil {
			return err
		}
		at = c.at
		if c.exemplar != nil {
			b.run = append(b.run[:0], prom.Sample{T: c.t, Exemplar: c.exemplar})
			if err := dst.Append(c.series, b.run); err != nil {
				return err
			}
			continue
		}
		c.series.Family, c.series.Sem = c.family, naming.SemanticsOf(c.series.Name, *c.family)
	}
	return b.deliverRuns(dst, b.samples[at:])
}

// deliverRuns hands on samples, with one call for consecutive samples of a series.
func (b *batch) deliverRuns(dst prom.SampleSink, samples []batchSample) error {
	for len(samples) > 0 {
		series := samples[0].series
		b.run = b.run[:0]
		for len(samples) > 0 && samples[0].series == series {
			b.run = append(b.run, prom.Sample{T: samples[0].t, V: samples[0].v})
			samples = samples[1:]
		}
		if err := dst.Append(series, b.run); err != nil {
			return err
		}
	}
	return nil
}
