package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
)

// TestFillsColumns keeps the columns of closed archives, those that come while the server
// runs among them, and not those of an archive that grows.
func TestFillsColumns(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	record(t, filepath.Join(dir, "a"), "web").put(0, 60).close()
	record(t, filepath.Join(dir, "b"), "web").put(100, 160).close()
	o := Options{Paths: []string{dir}, Rescan: 10 * time.Millisecond}
	o.Query.Columns = columns.NewCache(cachedir.Open(cacheDir, 0))
	s := run(t, o)
	kept := func() int {
		found, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
		require.NoError(t, err)
		return len(found)
	}
	require.Eventually(t, func() bool { return kept() == 1 }, time.Minute, 5*time.Millisecond)
	want := s.value("sum_over_time(test_requests[10m])", at(150))
	require.NotEmpty(t, want)
	record(t, filepath.Join(dir, "c"), "web").put(200, 260).close()
	require.Eventually(t, func() bool { return kept() == 2 }, time.Minute, 5*time.Millisecond)
	assert.Equal(t, want, s.value("sum_over_time(test_requests[10m])", at(150)))
	assert.Empty(t, o.Query.Columns.Damage())

	require.NoError(t, os.RemoveAll(cacheDir))
	assert.Equal(t, want, s.value("sum_over_time(test_requests[10m])", at(150)))
	assert.Positive(t, kept(), "the query makes the folder again")
}
