package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func TestInspect(t *testing.T) {
	host, err := openSamples(t).Inspect(store.InspectOptions{})
	require.NoError(t, err)
	require.Len(t, host.Archives, 2)
	assert.Equal(t, "sample.example", host.Host)
	assert.InDelta(t, 4, host.Duration, 0)
	info := host.Archives[0]
	assert.Equal(t, host.Bytes, 2*info.Bytes)
	assert.Equal(t, []int{3, 4, 1, 3, 6, 3}, []int{len(info.Files), info.Metrics, info.InDoms, info.Instances, info.LabelSets, info.Texts})
	assert.Nil(t, info.RecordCounts)
	assert.Empty(t, info.MetricList)
	assert.Empty(t, info.Names, "the label hostname is the host")
}

// TestInspectCounts counts records, on request or up to a size, and notes damage.
func TestInspectCounts(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	archtest.WriteSample(t, base, pcp.V3)
	inspect := func(o store.InspectOptions) *store.ArchiveInfo {
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		info, err := store.Inspect(r, o)
		require.NoError(t, err)
		return info
	}
	whole := inspect(store.InspectOptions{CountUpTo: 1 << 20, Metrics: true})
	assert.Equal(t, &store.RecordCounts{Series: 6, Records: 5, Marks: 1, Values: 16}, whole.RecordCounts)
	require.Len(t, whole.MetricList, 5)
	assert.Equal(t, "sample.alias", whole.MetricList[0].Name)
	assert.Equal(t, "Kbyte", whole.MetricList[0].Units)
	assert.Nil(t, inspect(store.InspectOptions{CountUpTo: 1}).RecordCounts)

	data, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(base+".0", data[:len(data)-3], 0o644))
	torn := inspect(store.InspectOptions{Count: true})
	assert.Equal(t, 4, torn.Records)
	assert.Len(t, torn.Damage, 1)
}
