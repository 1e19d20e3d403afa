package record

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A change of a file shows in its time, its size, its mode, and in the file that a symbolic
// link leads to.
func TestFileStates(t *testing.T) {
	dir := t.TempDir()
	at := time.Now().Add(-time.Hour)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
		return path
	}
	link := filepath.Join(dir, "link")
	one, two := write("one", "text"), write("two", "text")
	relink := func(target string) {
		_ = os.Remove(link) // there is none at first
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
	}
	relink(one)
	names := []string{one, link, filepath.Join(dir, "none")}
	last := statesOf(names)
	assert.Len(t, last, 2)
	changes := func(what string, change func()) {
		t.Helper()
		assert.True(t, sameStates(last, statesOf(names)))
		change()
		now := statesOf(names)
		assert.False(t, sameStates(last, now), what)
		last = now
	}
	changes("link", func() { relink(two) })
	changes("size", func() { write("one", "texts") })
	changes("time", func() { require.NoError(t, os.Chtimes(one, at, at.Add(time.Second))) })
	changes("mode", func() { require.NoError(t, os.Chmod(one, 0o700)) })
	changes("removed", func() { require.NoError(t, os.Remove(one)) })
	changes("new", func() { write("one", "texts") })
}
