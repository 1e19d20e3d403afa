package read

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
)

// table has the series of a reading, each once however many sources have it.
type table struct {
	catalog *sidecar.Catalog
	byHash  map[uint64]uint32 // to the last one with this hash
	all     []*readSeries
}

// readSeries is a series that was met.
type readSeries struct {
	prom  *prom.Series
	later []sidecar.Origin // origins that follow the current one
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
	s.prom, s.later = t.catalog.Describe(lset, len(t.all))
	t.all = append(t.all, s)
	t.byHash[hash] = uint32(len(t.all))
	return uint32(len(t.all) - 1)
}

// text returns a series as Prometheus writes it.
func (t *table) text(id uint32) string { return t.all[id].lset.String() }
