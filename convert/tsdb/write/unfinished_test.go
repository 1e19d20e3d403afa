package write_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

func TestOneWriterPerFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	_, err = write.NewBlocks(dir, write.Options{})
	var held *archive.InUseError
	require.ErrorAs(t, err, &held)
	assert.Equal(t, os.Getpid(), held.PID)
	require.NoError(t, first.Close())
	second, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	require.NoError(t, second.Close())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries, "no lock is left")
}

// TestUnfinishedBlocksAreRemoved: what a killed writer left goes, but not what may
// be a living server's.
func TestUnfinishedBlocksAreRemoved(t *testing.T) {
	const id = "01JD0C4RZ4GJYX2MCGNV9N7B2"
	for name, tt := range map[string]struct {
		served bool
		left   []string
	}{
		"nobody's":   {false, []string{"chunks_head", "lock", "x.tmp-for-creation"}},
		"a server's": {true, []string{id + "B.tmp-for-creation", "chunks_head", "lock", "x.tmp-for-creation"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{id + "A.tmp-for-creation", id + "B.tmp-for-creation", id + "C.tmp-for-deletion", "x.tmp-for-creation", "chunks_head"} {
				require.NoError(t, os.MkdirAll(filepath.Join(dir, name, "chunks"), 0o777))
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, id+"A.tmp-for-creation", ".pcparchive"), nil, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
			if tt.served {
				lock, _, err := fileutil.Flock(filepath.Join(dir, "lock"))
				require.NoError(t, err)
				defer lock.Release()
			}
			b, err := write.NewBlocks(dir, write.Options{})
			require.NoError(t, err)
			require.NoError(t, b.Close())
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			var left []string
			for _, e := range entries {
				left = append(left, e.Name())
			}
			assert.Equal(t, tt.left, left)
		})
	}
}

// TestUnwantedBlock: once the context has ended, no block is completed and nothing
// of one remains.
func TestUnwantedBlock(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b, dir := blocktest.NewBlocks(t, write.Options{Context: ctx})
	require.NoError(t, sinktest.Put(b, blocktest.NewSeries(0, "m", "a"), blocktest.Noon, 1))
	cancel()
	require.ErrorIs(t, b.Flush(t.Context()), context.Canceled)
	require.NoError(t, b.Close())
	assert.Empty(t, b.Written())
	assert.Empty(t, blocktest.Listing(t, dir))
}
