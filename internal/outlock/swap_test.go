package outlock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// contents returns the files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range names(t, dir) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		all[name] = string(text)
	}
	return all
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

var (
	before = map[string]string{"rec.meta": "old", "rec.0.xz": "old", "rec.1": "old", "rec\n-other.2": "old", "other": "kept"}
	after  = map[string]string{"rec.meta": "new", "rec.0": "new", "rec.1": "new", "other": "kept"}
)

func TestSwap(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, before)
	l, err := outlock.Take(filepath.Join(dir, "rec"))
	require.NoError(t, err)
	write(t, l.New(""), map[string]string{"rec.meta": "new", "rec.0": "new", "rec.1": "new"})
	require.NoError(t, l.Swap([]string{"rec.meta", "rec.0.xz", "rec.1", "rec\n-other.2"}))
	require.NoError(t, l.Release())
	assert.Equal(t, after, contents(t, dir))
}

// TestSwapAfterCrash has what a crash leaves before each step of a swap: the next writer
// completes it, or removes what was not complete.
func TestSwapAfterCrash(t *testing.T) {
	const list = `+"rec.0"
+"rec.1"
+"rec.meta"
-"rec.meta"
-"rec.0.xz"
-"rec.1"
-"rec\n-other.2"
`
	for step := range 6 {
		dir := t.TempDir()
		write(t, dir, before)
		swap := filepath.Join(dir, ".pcparchive-rec.swap")
		want := after
		if step == 0 { // the new files are complete, but the swap did not begin
			swap = filepath.Join(dir, ".pcparchive-rec.new")
			want = before
		}
		write(t, swap, map[string]string{"rec.0": "new", "rec.1": "new", "rec.meta": "new", ".files": list})
		if step > 1 {
			require.NoError(t, os.Remove(filepath.Join(dir, "rec.0.xz")))
		}
		for i, name := range []string{"rec.0", "rec.1", "rec.meta"} {
			if step > 2+i {
				require.NoError(t, os.Rename(filepath.Join(swap, name), filepath.Join(dir, name)))
			}
		}
		l, err := outlock.Take(filepath.Join(dir, "another"))
		require.NoError(t, err)
		require.NoError(t, l.Release())
		assert.Equal(t, want, contents(t, dir), "step %d", step)
	}
}

// TestSwapListOfAnotherFolder: the list of a swap names no file outside the folder.
func TestSwapListOfAnotherFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"victim": "x"})
	in := filepath.Join(dir, "in")
	write(t, filepath.Join(in, ".pcparchive-rec.swap"), map[string]string{".files": "-\"../victim\"\n"})
	l, err := outlock.Take(filepath.Join(in, "rec"))
	require.NoError(t, err)
	require.NoError(t, l.Release())
	assert.FileExists(t, filepath.Join(dir, "victim"))
}
