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
	folder := cachedir.Open(cacheDir, 0)
	o.Query.Columns = columns.NewCache(folder)
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
	assert.Empty(t, folder.Damage())

	require.NoError(t, os.RemoveAll(cacheDir))
	assert.Equal(t, want, s.value("sum_over_time(test_requests[10m])", at(150)))
	assert.Positive(t, kept(), "the query makes the folder again")
}

// TestRemembersLabels keeps the labels of the archives that it finds for the next server,
// those that come later among them.
func TestRemembersLabels(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	yesterday := time.Now().Add(-24 * time.Hour)
	add := func(name string, from int) {
		record(t, filepath.Join(dir, name), "web").put(from, from+60).close()
		for _, suffix := range []string{".0", ".meta", ".index"} {
			require.NoError(t, os.Chtimes(filepath.Join(dir, name+suffix), yesterday, yesterday))
		}
	}
	kept := func() (size int64) {
		found, err := filepath.Glob(filepath.Join(cacheDir, "*.labels"))
		require.NoError(t, err)
		for _, path := range found {
			info, err := os.Stat(path)
			require.NoError(t, err)
			size += info.Size()
		}
		return size
	}
	add("a", 0)
	o := Options{Paths: []string{dir}, Rescan: 10 * time.Millisecond, Cache: cachedir.Open(cacheDir, 0)}
	run(t, o)
	require.Eventually(t, func() bool { return kept() > 0 }, time.Minute, 5*time.Millisecond)
	one := kept()
	add("b", 100)
	require.Eventually(t, func() bool { return kept() > one }, time.Minute, 5*time.Millisecond)
	s := run(t, o)
	assert.NotEmpty(t, s.value("sum_over_time(test_requests[10m])", at(150)))
	assert.Empty(t, o.Cache.Damage())
}
