package archive_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

// TestReadingFromTheBeginningLooksAtNoOtherVolume checks that yielding the
// first step opens only one of many volumes.
func TestReadingFromTheBeginningLooksAtNoOtherVolume(t *testing.T) {
	base := filepath.Join(t.TempDir(), "many")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 1})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	for sec := range int64(3) {
		require.NoError(t, a.Append(count(sec+1, 1)))
	}
	require.NoError(t, a.Close())
	require.NoError(t, os.Truncate(base+".2", 100)) // opening it would add a warning

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for _, q := range []history.Query{{}, {From: at(1)}} {
		for step, err := range r.Steps(q) {
			require.NoError(t, err)
			assert.Equal(t, at(1), step.Stamp)
			break
		}
		assert.Empty(t, r.Warnings())
	}
	for _, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
	}
	assert.Len(t, r.Warnings(), 1)
}
