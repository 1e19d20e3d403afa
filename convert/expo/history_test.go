package expo_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/pcp"
)

// history is what is known of a series.
type seriesHistory struct {
	family prom.Family
	origin string // the PCP metric, if it is one
	points []bits
	ends   []int64
}

// bits is a point; every NaN is the same.
type bits struct {
	t int64
	v uint64
}

// beyond counts the values that are larger than all integers of a type: it has
// the largest instead, which is no float64.
func (h *seriesHistory) beyond(typ pcp.Type) (n int64) {
	for _, at := range h.points {
		switch v := math.Float64frombits(at.v); {
		case typ == pcp.Type64 && v >= 1<<63, typ == pcp.TypeU64 && v >= 1<<64:
			n++
		}
	}
	return n
}

// over reports whether the series had ended at a time.
func (h *seriesHistory) over(t int64) bool {
	last := int64(math.MinInt64)
	for _, at := range h.points {
		if at.t <= t {
			last = at.t
		}
	}
	return slices.ContainsFunc(h.ends, func(end int64) bool { return last < end && end <= t })
}

func historyOf(t *testing.T, s *write.Store, p *prom.Series) *seriesHistory {
	t.Helper()
	h := &seriesHistory{family: *p.Family}
	if m := p.PCPMetric; m != nil {
		h.origin = fmt.Sprint(m.Name, m.Desc.PMID, m.Desc.Type, m.Desc.InDom, m.Desc.Sem, m.Desc.Units)
	}
	for at, err := range s.Samples(p) {
		require.NoError(t, err)
		if prom.IsStale(at.V) {
			h.ends = append(h.ends, at.T)
			continue
		}
		if math.IsNaN(at.V) {
			at.V = math.NaN()
		}
		h.points = append(h.points, bits{at.T, math.Float64bits(at.V)})
	}
	return h
}
