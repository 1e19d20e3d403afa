package archive

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFoldersAreListedOnce checks that a folder is listed again only if it may
// have changed, and not for each archive in it.
func TestFoldersAreListedOnce(t *testing.T) {
	dir := t.TempDir() + string(filepath.Separator)
	put := func(name string) {
		t.Helper()
		require.NoError(t, os.WriteFile(dir+name, []byte(name), 0o644))
	}
	old := time.Now().Add(-time.Hour)
	look := func(fs *Listing, name string) (found []string) {
		t.Helper()
		members, err := fs.membersOf(dir, name)
		require.NoError(t, err)
		for _, m := range members {
			assert.EqualValues(t, len(filepath.Base(m.Path)), m.Size)
			found = append(found, filepath.Base(m.Path))
		}
		return found
	}
	put("a.meta")
	put("a.0")
	require.NoError(t, os.Chtimes(dir, old, old))
	fs := &Listing{}
	require.Equal(t, []string{"a.0", "a.meta"}, look(fs, "a"))

	put("b.meta")
	put("b.0")
	require.NoError(t, os.Chtimes(dir, old, old))
	assert.Empty(t, look(fs, "b"), "nothing says that the folder has changed")
	require.NoError(t, os.Chtimes(dir, old, old.Add(time.Second)))
	assert.Len(t, look(fs, "b"), 2)

	put("a.1")
	assert.Equal(t, []string{"a.0", "a.1", "a.meta"}, look(fs, "a"))
	now := time.Now()
	require.NoError(t, os.Chtimes(dir, now, now))
	look(fs, "a")
	put("a.2")
	require.NoError(t, os.Chtimes(dir, now, now))
	assert.Len(t, look(fs, "a"), 4, "so soon after a change the time does not tell")

	fs.still = true
	put("a.3")
	assert.Len(t, look(fs, "a"), 4)
	require.NoError(t, os.Remove(dir+"a.2"))
	assert.Equal(t, []string{"a.0", "a.1", "a.3", "a.meta"}, look(fs, "a"), "one that is gone is looked for")
}
