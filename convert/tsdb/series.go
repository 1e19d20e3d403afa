package tsdb

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativehist"
)

const (
	// samplesPerChunk is where Prometheus cuts its chunks, too: a reader decodes
	// a chunk from its start.
	samplesPerChunk = 120
	// batchSize is how many samples a series gathers before they are packed. In
	// time order each sample belongs to another series, whose chunk is no longer
	// in the processor's cache; a batch pays for it once.
	batchSize = 8
)

// sample is a value at a time.
type sample struct {
	t int64
	v float64
}

// series is what is known of one series. Up to n it is what every sample needs.
type series struct {
	prom *convert.PromSeries
	// batch[:n] are the samples that are not in chunk yet. The last one always
	// is there while the series lives in the open window, as a later value of
	// its millisecond may replace it.
	n     int
	batch [batchSize]sample

	lset  labels.Labels
	unfit bool // has no labels that a block can hold

	chunk      *chunkenc.XORChunk // nil outside of its windows
	app        chunkenc.Appender
	count      int // samples in chunk
	mint, maxt int64

	hist *nativehist.Packer // nil: there was no native histogram
	full chain              // its spilled chunks
}

// admit enters a series in the table.
func (b *Blocks) admit(s *convert.PromSeries) {
	for s.ID >= len(b.table) {
		b.table = append(b.table, nil)
	}
	e := &series{prom: s, lset: labelsOf(s)}
	if e.unfit = !valid(e.lset); e.unfit {
		b.report.Add(convert.LossInvalidLabel, s.Name)
	}
	b.table[s.ID] = e
}

// first adds the first sample of a series in a window.
func (b *Blocks) first(e *series, t int64, v float64) error {
	if e.unfit {
		return nil
	}
	if e.hist != nil {
		if last, ok := e.hist.Last(); ok {
			return b.afterHistogram(e, t, v, last)
		}
	}
	b.begin(e)
	e.batch[0] = sample{t, v}
	e.n = 1
	return nil
}

// begin makes a series part of the open window.
func (b *Blocks) begin(e *series) {
	if i := len(b.spare) - 1; i >= 0 {
		e.chunk, b.spare = b.spare[i], b.spare[:i]
	} else {
		e.chunk = chunkenc.NewXORChunk()
	}
	b.live = append(b.live, e)
}

// pack moves the batch of a series into its chunk.
func (b *Blocks) pack(e *series) error {
	for _, p := range e.batch[:e.n] {
		if e.count == samplesPerChunk || len(e.chunk.Bytes()) > chunkenc.MaxBytesPerXORChunkBeforeAppend {
			if err := b.cut(e); err != nil {
				return err
			}
		}
		if e.count == 0 {
			app, err := e.chunk.Appender()
			if err != nil {
				return err
			}
			e.app, e.mint = app, p.t
		}
		e.app.Append(0, p.t, p.v)
		e.maxt = p.t
		e.count++
	}
	e.n = 0
	return nil
}

// cut moves the chunk of a series to the spill file.
func (b *Blocks) cut(e *series) error {
	data := e.chunk.Bytes()
	b.size += storedSize(len(data))
	err := b.spill.put(&e.full, record{e.mint, e.maxt, chunkenc.EncXOR, data})
	e.empty()
	return err
}

// empty makes the chunk as new. It keeps the memory.
func (e *series) empty() {
	head := e.chunk.Bytes()[:2] // the number of samples
	clear(head)
	e.chunk.Reset(head)
	e.count = 0
}

// release ends a window for a series and returns its chunk for another's use.
func (e *series) release() *chunkenc.XORChunk {
	e.empty()
	c := e.chunk
	e.chunk, e.app, e.full, e.hist = nil, nil, chain{}, nil
	return c
}

// labelsOf returns the labels of a series as Prometheus has them.
func labelsOf(s *convert.PromSeries) labels.Labels {
	all := make([]labels.Label, 0, len(s.Labels)+1)
	all = append(all, labels.Label{Name: model.MetricNameLabel, Value: s.Name})
	for _, l := range s.Labels {
		all = append(all, labels.Label(l))
	}
	return labels.New(all...)
}

// valid reports whether Prometheus takes a series with these labels.
func valid(l labels.Labels) bool {
	_, twice := l.HasDuplicateLabelNames()
	empty := l.WithoutEmpty().Len() < l.Len()
	return l.Has(model.MetricNameLabel) && !twice && !empty && l.IsValid(model.UTF8Validation)
}
