package archive_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestForeignNumbers checks that text files numbered after the last volume are
// ignored, and that one between volumes is damage.
func TestForeignNumbers(t *testing.T) {
	base, _ := threeVolumes(t, pcp.V3)
	for _, suffix := range []string{".3", ".7"} {
		require.NoError(t, os.WriteFile(base+suffix, []byte("10:00 started\n10:01 ended\n"), 0o644))
	}
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	assert.Equal(t, span(1, 6), seconds(t, r, history.Query{}))
	assert.Empty(t, r.Warnings())
	require.NoError(t, os.WriteFile(base+".1", []byte("10:00 started\n10:01 ended\n"), 0o644))
	assert.Equal(t, []int64{1, 2, -2, 5, 6}, seconds(t, r, history.Query{}))
	require.Len(t, r.Warnings(), 1)
	assert.ErrorContains(t, r.Warnings()[0], base+".1: offset 0: ")

	log := t.TempDir() + "/rec"
	require.NoError(t, os.WriteFile(log+".1", []byte("a log\n"), 0o644))
	a, err := archive.Create(log, archtest.Header, nil)
	require.NoError(t, err, "a log is no archive")
	require.NoError(t, a.Close())

	_, _, err = archive.Members(t.TempDir() + "/20260102.00.10")
	require.ErrorContains(t, err, "no 20260102.00.10.meta or volume")
}
