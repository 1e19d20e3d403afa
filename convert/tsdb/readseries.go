package tsdb

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// table has the series of a reading, each once however many sources have it.
type table struct {
	book   *book
	byHash map[uint64]uint32 // to the last one with this hash
	all    []*readSeries
}

// readSeries is a series that was met.
type readSeries struct {
	prom  *prom.Series
	later []madeOf // what it is made of after that
	lset  labels.Labels
	other uint32 // the one before with the same hash, 0 if none: numbers here count from 1
	any   bool
	last  int64 // time of the sample that was handed on last
}

// id returns the number of the series with these labels.
func (t *table) id(lset labels.Labels) uint32 {
	hash := lset.Hash()
	first := t.byHash[hash]
	for n := first; n > 0; n = t.all[n-1].other {
		if labels.Equal(t.all[n-1].lset, lset) {
			return n - 1
		}
	}
	s := &readSeries{lset: lset, other: first}
	s.prom, s.later = t.book.of(lset, len(t.all))
	t.all = append(t.all, s)
	t.byHash[hash] = uint32(len(t.all))
	return uint32(len(t.all) - 1)
}

// text returns a series as Prometheus writes it.
func (t *table) text(id uint32) string { return t.all[id].lset.String() }

// promSeries returns a series of Prometheus as this project has it. Its strings
// are those of lset.
func promSeries(lset labels.Labels, id int) *prom.Series {
	s := &prom.Series{ID: id, Labels: make([]prom.Label, 0, lset.Len())}
	lset.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
			s.Name = l.Value
		case l.Value != "":
			s.Labels = append(s.Labels, prom.Label(l))
		}
	})
	return s
}
