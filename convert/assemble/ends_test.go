package assemble_test

import (
	"testing"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestEndsWithoutBeginning counts staleness markers of series that have no value,
// of PCP's own metrics as of others, and no other ones.
func TestEndsWithoutBeginning(t *testing.T) {
	report := &prom.Report{}
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	natives := converttest.Placing{"n": {{Metric: converttest.NativeMetric("n", pcp.TypeU32, pcp.SemInstant, pcp.InDomNull)}}}
	seen := flatten.New(sinktest.Sink(&converttest.Seen{}), flatten.Options{})
	a := assemble.New(seen, mapper, assemble.Options{Natives: natives, Report: report})
	native := &prom.Series{Name: "n", ID: 0}
	other := &prom.Series{Name: "m", ID: 1, Labels: []prom.Label{{Name: "a", Value: "b"}}}
	late := &prom.Series{Name: "late", ID: 2}
	for at, s := range []struct {
		series *prom.Series
		v      float64
	}{
		{native, prom.StaleNaN}, {other, prom.StaleNaN}, {other, 1}, {native, 2}, {other, prom.StaleNaN},
		{other, prom.StaleNaN}, {native, prom.StaleNaN}, {late, prom.StaleNaN}, {late, 1},
	} {
		require.NoError(t, sinktest.Put(a, s.series, int64(at), s.v))
	}
	require.NoError(t, sinktest.PutHistogram(a, late, 20, nil))
	require.NoError(t, sinktest.Put(a, late, 21, prom.StaleNaN))
	require.NoError(t, sinktest.Finish(a))
	assert.Equal(t, []prom.LossCount{
		{Loss: prom.LossEnd, Name: "late", Count: 1}, {Loss: prom.LossEnd, Name: "m", Count: 2}, {Loss: prom.LossEnd, Name: "n", Count: 1},
	}, report.Losses())
	assert.True(t, prom.LossEnd.ByNature())
	assert.ErrorIs(t, sinktest.Put(a, native, 3, 1), archive.ErrOrder)
}
