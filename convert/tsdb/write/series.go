package write

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// openSeries is a series and its samples in the open window. addNumber usually needs only
// the first three fields, which share a cache line.
type openSeries struct {
	prom *prom.Series
	// batch[:n] are the samples that are not in chunk yet. The last sample in the window
	// stays there, because a later one of its millisecond replaces it.
	n     int
	batch [chunk.BatchSize]chunk.Sample

	lset  labels.Labels
	unfit bool // a block cannot hold the labels

	live  bool      // the series is in Blocks.live
	chunk chunk.XOR // the open chunk of numbers

	hist *nativehist.Packer // the open chunk of native histograms; nil before the first one
	full chunk.Chain        // the full chunks in the temporary file
}

// addSeries adds a series to the table.
func (b *Blocks) addSeries(s *prom.Series) {
	for s.ID >= len(b.table) {
		b.table = append(b.table, nil)
	}
	e := &openSeries{prom: s, lset: labelsOf(s)}
	if e.unfit = !s.Fits() || !isValid(e.lset); e.unfit {
		b.report.Add(prom.LossInvalidLabel, s.Name)
	}
	b.table[s.ID] = e
}

// addFirst adds the first number of a batch.
func (b *Blocks) addFirst(e *openSeries, t int64, v float64) error {
	if e.unfit {
		return nil
	}
	if e.hist != nil {
		if last, ok := e.hist.Last(); ok {
			return b.addAfterHistogram(e, t, v, last)
		}
	}
	b.addLive(e)
	e.batch[0] = chunk.Sample{T: t, V: v}
	e.n = 1
	return nil
}

// addLive adds a series to the open window.
func (b *Blocks) addLive(e *openSeries) {
	if i := len(b.spare) - 1; i >= 0 {
		e.chunk, b.spare = chunk.NewXOR(b.spare[i]), b.spare[:i]
	}
	e.live = true
	b.live = append(b.live, e)
}

// pack moves the batch of a series into its chunk.
func (b *Blocks) pack(e *openSeries) error {
	for rest := e.chunk.Append(e.batch[:e.n]); len(rest) > 0; rest = e.chunk.Append(rest) {
		if err := b.spillChunk(e); err != nil {
			return err
		}
	}
	e.n = 0
	return nil
}

// spillChunk moves the open chunk of a series to the temporary file.
func (b *Blocks) spillChunk(e *openSeries) error {
	b.size += storedSize(len(e.chunk.Buffer()))
	err := b.spill.Put(&e.full, e.chunk.Record())
	e.chunk.Reset()
	return err
}

// release removes a series from its window. It returns the memory of the chunk for another
// series.
func (e *openSeries) release() []byte {
	data := e.chunk.Buffer()
	e.live, e.chunk, e.full, e.hist = false, chunk.XOR{}, chunk.Chain{}, nil
	return data
}

// labelsOf returns the labels of a series with its name. They are empty if a label is too
// long for Prometheus.
func labelsOf(s *prom.Series) labels.Labels {
	if !s.Fits() {
		return labels.EmptyLabels()
	}
	all := make([]labels.Label, 0, len(s.Labels)+1)
	all = append(all, labels.Label{Name: model.MetricNameLabel, Value: s.Name})
	for _, l := range s.Labels {
		all = append(all, labels.Label(l))
	}
	return labels.New(all...)
}

// maxLabels is the largest number of labels of a series. The time to write an index grows
// with its square.
const maxLabels = 4096

// isValid reports whether Prometheus accepts a series with these labels.
func isValid(l labels.Labels) bool {
	if l.Len() > maxLabels {
		return false
	}
	_, twice := l.HasDuplicateLabelNames()
	empty := l.WithoutEmpty().Len() < l.Len()
	return l.Has(model.MetricNameLabel) && !twice && !empty && l.IsValid(model.UTF8Validation)
}
