package archive_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestSingularInstance reads records that store any instance for a metric without a domain,
// as loggers of 1996 did: all are the one series of the metric.
func TestSingularInstance(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC"}, nil)
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"m"}}
	require.NoError(t, a.Define(d))
	for i, inst := range []pcp.InstID{0, 7, pcp.InstNull, 7, 7, 7} {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: int64(100 + i)}, Sets: []archive.ValueSet{
			{PMID: d.PMID, Values: []history.Value{history.WordValue(inst, uint32(i))}},
		}}))
	}
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	series, n := map[*history.Series]bool{}, 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		p := step.Metrics[0].Points[0]
		series[p.Series] = true
		assert.Equal(t, pcp.InstNull, p.Value.Inst)
		assert.Equal(t, pcp.InstNull, p.Series.Inst.ID)
		assert.Equal(t, uint64(n), p.Value.Bits)
		n++
	}
	assert.Equal(t, 6, n)
	assert.Len(t, series, 1)
}
