package convert_test

import (
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestEndsWithoutBeginning counts staleness markers of series that have no value,
// of PCP's own metrics as of others, and no other ones.
func TestEndsWithoutBeginning(t *testing.T) {
	report := &convert.Report{}
	mapper, err := convert.NewMapper(convert.MapperOptions{Host: "h", Report: report})
	require.NoError(t, err)
	natives := placing{"n": {{Metric: metricOf("n", pcp.TypeU32, pcp.SemInstant, pcp.InDomNull)}}}
	seen := convert.NewFlattener(sinktest.Sink(&seen{}), convert.FlattenOptions{})
	a := convert.NewAssembler(seen, mapper, convert.AssemblerOptions{Natives: natives, Report: report})
	native := &convert.PromSeries{Name: "n", ID: 0}
	other := &convert.PromSeries{Name: "m", ID: 1, Labels: []convert.Label{{Name: "a", Value: "b"}}}
	late := &convert.PromSeries{Name: "late", ID: 2}
	for at, s := range []struct {
		series *convert.PromSeries
		v      float64
	}{
		{native, convert.StaleNaN}, {other, convert.StaleNaN}, {other, 1}, {native, 2}, {other, convert.StaleNaN},
		{other, convert.StaleNaN}, {native, convert.StaleNaN}, {late, convert.StaleNaN}, {late, 1},
	} {
		require.NoError(t, sinktest.Put(a, s.series, int64(at), s.v))
	}
	require.NoError(t, sinktest.PutHistogram(a, late, 20, nil))
	require.NoError(t, sinktest.Put(a, late, 21, convert.StaleNaN))
	require.NoError(t, sinktest.Finish(a))
	assert.Equal(t, []convert.LossCount{
		{Loss: convert.LossEnd, Name: "late", Count: 1}, {Loss: convert.LossEnd, Name: "m", Count: 2}, {Loss: convert.LossEnd, Name: "n", Count: 1},
	}, report.Losses())
	assert.True(t, convert.LossEnd.ByNature())
	assert.ErrorIs(t, sinktest.Put(a, native, 3, 1), archive.ErrOrder)
}
