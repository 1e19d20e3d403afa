package write

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// series is what is known of one series. Up to n it is what every sample needs.
type series struct {
	prom *prom.Series
	// batch[:n] are the samples that are not in chunk yet. The last one always
	// is there while the series lives in the open window, as a later value of
	// its millisecond may replace it.
	n     int
	batch [chunk.BatchSize]chunk.Sample

	lset  labels.Labels
	unfit bool // has no labels that a block can hold

	live  bool      // is in Blocks.live
	chunk chunk.XOR // the open one

	hist *nativehist.Packer // nil: there was no native histogram
	full chunk.Chain        // its spilled chunks
}

// admit enters a series in the table.
func (b *Blocks) admit(s *prom.Series) {
	for s.ID >= len(b.table) {
		b.table = append(b.table, nil)
	}
	e := &series{prom: s, lset: labelsOf(s)}
	if e.unfit = !s.Fits() || !valid(e.lset); e.unfit {
		b.report.Add(prom.LossInvalidLabel, s.Name)
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
	e.batch[0] = chunk.Sample{T: t, V: v}
	e.n = 1
	return nil
}

// begin makes a series part of the open window.
func (b *Blocks) begin(e *series) {
	if i := len(b.spare) - 1; i >= 0 {
		e.chunk, b.spare = chunk.NewXOR(b.spare[i]), b.spare[:i]
	}
	e.live = true
	b.live = append(b.live, e)
}

// pack moves the batch of a series into its chunk.
func (b *Blocks) pack(e *series) error {
	for rest := e.chunk.Append(e.batch[:e.n]); len(rest) > 0; rest = e.chunk.Append(rest) {
		if err := b.cut(e); err != nil {
			return err
		}
	}
	e.n = 0
	return nil
}

// cut moves the chunk of a series to the spill file.
func (b *Blocks) cut(e *series) error {
	b.size += storedSize(len(e.chunk.Buffer()))
	err := b.spill.Put(&e.full, e.chunk.Record())
	e.chunk.Reset()
	return err
}

// release ends a window for a series and returns its chunk's memory for
// another's use.
func (e *series) release() []byte {
	data := e.chunk.Buffer()
	e.live, e.chunk, e.full, e.hist = false, chunk.XOR{}, chunk.Chain{}, nil
	return data
}

// labelsOf returns the labels of a series as Prometheus has them, nothing of one
// that does not fit.
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

// maxLabels is how many labels a series may have. An index is written in time
// that grows with the square of it.
const maxLabels = 4096

// valid reports whether Prometheus takes a series with these labels.
func valid(l labels.Labels) bool {
	if l.Len() > maxLabels {
		return false
	}
	_, twice := l.HasDuplicateLabelNames()
	empty := l.WithoutEmpty().Len() < l.Len()
	return l.Has(model.MetricNameLabel) && !twice && !empty && l.IsValid(model.UTF8Validation)
}
