package read

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
)

// table holds the series of a reading. A series in several sources has one entry.
type table struct {
	catalog *sidecar.Catalog
	byHash  map[uint64]uint32 // latest series with a hash, as its index in all plus 1
	all     []*readSeries
}

// readSeries is a series that a source has.
type readSeries struct {
	prom  *prom.Series
	later []sidecar.Origin // origins that follow the current one
	lset  labels.Labels    // with external labels
	other uint32           // previous series with the same hash, as its index in all plus 1; 0 if there is none
	any   bool             // whether a sample was handed on
	last  int64            // time of the latest sample that was handed on
}

// id returns the ID of the series with the given labels: its index in all.
func (t *table) id(own, external labels.Labels) uint32 {
	lset := block.Extend(own, external)
	hash := lset.Hash()
	first := t.byHash[hash]
	for n := first; n > 0; n = t.all[n-1].other {
		if labels.Equal(t.all[n-1].lset, lset) {
			return n - 1
		}
	}
	s := &readSeries{lset: lset, other: first}
	s.prom, s.later = describe(t.catalog, own, external, len(t.all))
	t.all = append(t.all, s)
	t.byHash[hash] = uint32(len(t.all))
	return uint32(len(t.all) - 1)
}

// describe returns a series with the metadata that the catalog has for its own labels, and
// with external labels.
func describe(c *sidecar.Catalog, own, external labels.Labels, id int) (s *prom.Series, later []sidecar.Origin) {
	s, later = c.Describe(own, id)
	if external.IsEmpty() {
		return s, later
	}
	s.Labels = s.Labels[:0:0]
	block.Extend(own, external).Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && l.Value != "" {
			s.Labels = append(s.Labels, prom.Label(l))
		}
	})
	return s, later
}

// text returns a series as Prometheus writes it.
func (t *table) text(id uint32) string { return t.all[id].lset.String() }
