package expo

import (
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// batch is what one goroutine hands to the other.
type batch struct {
	samples []batchSample
	changes []change      // by ascending at
	run     []prom.Sample // what is handed on at once
}

type batchSample struct {
	series *prom.Series
	t      int64
	v      float64
}

// change is what there is beside samples, before the one at a place: another
// description of a series' family, or an exemplar of the sample before.
type change struct {
	at       int
	series   *prom.Series
	family   *prom.Family   // or
	exemplar *prom.Exemplar // of a sample
	t        int64          // of this time
}

const (
	batchSize = 4096
	batches   = 4
)

// deliver hands a batch on.
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

// hand hands samples on, those of one series that follow each other as one batch.
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
