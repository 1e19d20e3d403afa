package fileid_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/fileid"
)

// TestSame tells files apart that took each other's place, with the same size and time.
func TestSame(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("the system says nothing beside size and time")
	}
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("one"), 0o600))
	first, err := os.Stat(path)
	require.NoError(t, err)
	again, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, fileid.Same(first, again))
	assert.NotZero(t, fileid.Of(first).Number)

	restored := func(change func()) {
		t.Helper()
		change()
		require.NoError(t, os.Chtimes(path, first.ModTime(), first.ModTime()))
		now, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, first.Size(), now.Size())
		require.True(t, first.ModTime().Equal(now.ModTime()))
		assert.False(t, fileid.Same(first, now))
	}
	restored(func() { require.NoError(t, os.WriteFile(path, []byte("two"), 0o600)) })
	restored(func() {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.WriteFile(path, []byte("one"), 0o600)) // may get the number of the removed one
	})
}
