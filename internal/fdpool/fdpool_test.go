package fdpool

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPool alternately reads more files than may stay open.
func TestPool(t *testing.T) {
	dir := t.TempDir()
	var files []*File
	for i := range 2 * limit() {
		name := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(name, fmt.Appendf(nil, "%8d", i), 0o644))
		f, err := Open(name)
		require.NoError(t, err)
		files = append(files, f)
	}
	for range 2 {
		for i, f := range files {
			var b [8]byte
			_, err := f.ReadAt(b[:], 0)
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprintf("%8d", i), string(b[:]))
			assert.LessOrEqual(t, pool.files.Len(), limit())
		}
	}
	// Replace a file that the pool has closed.
	name := files[0].Name()
	require.NoError(t, os.WriteFile(name+"new", nil, 0o644))
	require.NoError(t, os.Rename(name+"new", name))
	_, err := files[0].ReadAt(make([]byte, 1), 0)
	require.ErrorContains(t, err, name+": another file has replaced it")
	for _, f := range files {
		require.NoError(t, f.Close())
	}
	assert.Zero(t, pool.files.Len())
	_, err = files[1].ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, os.ErrClosed)
}
