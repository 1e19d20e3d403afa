package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
)

// TestKillMove kills move at random moments, on one file system and between two. After each
// kill, the archive is whole in one place at least, and the next move finishes.
func TestKillMove(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs signals")
	}
	in := killInputs(t)
	memory, err := os.MkdirTemp("/dev/shm", "move")
	if err != nil {
		memory = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(memory) })
	here := t.TempDir()
	for name, there := range map[string]string{"one file system": t.TempDir(), "two": memory} {
		t.Run(name, func(t *testing.T) {
			from, to := filepath.Join(here, "rec"), filepath.Join(there, "new name")
			require.NoError(t, killTest{args: []string{"copy", in("rec"), from, "--volume-size", "20KiB"}}.start(t, here).Wait())
			want := filesOf(t, from)
			require.Greater(t, len(want), 5)
			move := func() []string { return []string{"move", from, to} }
			killOften(t, here, 60*time.Millisecond, move, func(bool) {
				old, moved := filesOf(t, from), filesOf(t, to)
				if len(old) == 0 {
					require.Equal(t, want, moved)
					from, to = to, from
				} else if len(old) < len(want) {
					require.Equal(t, want, moved)
				} else {
					require.Equal(t, want, old)
				}
			})
			if len(filesOf(t, from)) > 0 {
				require.NoError(t, killTest{args: move()}.start(t, here).Wait())
			}
			require.Empty(t, filesOf(t, from))
			require.Equal(t, want, filesOf(t, to))
			require.NoError(t, killTest{args: []string{"remove", to}}.start(t, here).Wait())
			require.Empty(t, fileNames(t, here))
			require.Empty(t, fileNames(t, there))
		})
	}
}

// filesOf returns the contents of an archive's files by what their names add to the base. It
// leaves out files that have not got their place yet.
func filesOf(t *testing.T, base string) map[string]string {
	t.Helper()
	contents := map[string]string{}
	all, err := archive.AllMembers(base)
	if errors.Is(err, fs.ErrNotExist) {
		return contents
	}
	require.NoError(t, err)
	for _, m := range all {
		b, err := os.ReadFile(m.Path)
		require.NoError(t, err)
		contents[strings.TrimPrefix(m.Path, base)] = string(b)
	}
	return contents
}
