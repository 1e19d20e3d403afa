package store_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// openSamples opens two archives that say the same.
func openSamples(t *testing.T) *store.Set {
	t.Helper()
	dir := t.TempDir()
	archtest.WriteSample(t, filepath.Join(dir, "a"), pcp.V3)
	archtest.WriteSample(t, filepath.Join(dir, "b"), pcp.V3)
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	return set
}

func TestLabelRecords(t *testing.T) {
	set := openSamples(t)
	levels := func(metric string) (levels []string) {
		for rec := range set.LabelRecords(metric) {
			levels = append(levels, rec.Level.String())
			assert.Len(t, rec.Names, len(rec.Sets))
		}
		return levels
	}
	assert.Equal(t, []string{"context", "domain", "indom", "cluster", "item", "instances"}, levels(""), "the second archive repeats the first")
	assert.Equal(t, levels(""), levels("sample.load"))
	assert.Equal(t, []string{"context", "domain"}, levels("sample.count"))
	assert.Empty(t, levels("none"))

	var names [][]string
	for rec := range set.LabelRecordsAt("", archtest.Start) {
		names = append(names, rec.Names)
	}
	assert.Equal(t, [][]string{{""}, {""}, {""}, {""}, {""}, {"one", "five"}}, names)
	for range set.LabelRecordsAt("", pcp.Timestamp{}) {
		t.Fatal("no record is in force before the first")
	}
}

func TestMergedLabels(t *testing.T) {
	var got []string
	for s, err := range openSamples(t).MergedLabels("sample", archtest.Start) {
		require.NoError(t, err)
		got = append(got, s.Metric+" "+s.Series.Inst.Name+" "+s.Labels.Text("n")+" "+s.Labels.Text("unit"))
	}
	assert.Equal(t, []string{"sample.bytes   ", "sample.alias   ", "sample.count   ", "sample.load one 1 min", "sample.load five 5 min", "sample.release   "}, got)
}
