package main

import (
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
)

// TestKillCompress kills compress and decompress at random moments. After each kill, every
// file of the archive is there in one form at least, with its contents.
func TestKillCompress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs signals, and /proc to know that the archive is closed")
	}
	in := killInputs(t)
	dir := t.TempDir()
	base := filepath.Join(dir, "rec")
	require.NoError(t, killTest{args: []string{"copy", in("rec"), base, "--volume-size", "20KiB"}}.start(t, dir).Wait())
	want := wholeContents(t, base)
	require.Greater(t, len(want), 5)

	commands := [][]string{{"compress", "rec"}, {"decompress", "rec"}, {"compress", "rec", "--with", "zstd"}, {"decompress", "rec"}}
	verb := 0
	killOften(t, dir, 300*time.Millisecond, func() []string { return commands[verb%4] }, func(killed bool) {
		require.Equal(t, want, wholeContents(t, base), "after %v", commands[verb%4])
		if !killed {
			verb++ // it was too late: continue with the other direction
		}
	})
	for _, args := range [][]string{{"compress", "rec"}, {"decompress", "rec"}} {
		require.NoError(t, killTest{args: args}.start(t, dir).Wait())
	}
	require.Equal(t, want, wholeContents(t, base))
	for _, name := range fileNames(t, dir) {
		assert.False(t, strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".xz") || strings.HasSuffix(name, ".zst"), "left over: %s", name)
	}
}

// wholeContents returns the contents of an archive's files, decompressed, by the names of
// the plain files. Files that are there in two forms must have the same contents.
func wholeContents(t *testing.T, base string) map[string]string {
	t.Helper()
	all, err := archive.AllMembers(base)
	require.NoError(t, err)
	contents := map[string]string{}
	for _, m := range all {
		f, err := archive.OpenMember(m, nil)
		require.NoError(t, err)
		b, err := io.ReadAll(f.From(0))
		require.NoError(t, err, m.Path)
		require.NoError(t, f.Close())
		name := strings.TrimSuffix(m.Path, m.Compress)
		if other, ok := contents[name]; ok {
			require.Equal(t, other, string(b), name)
		}
		contents[name] = string(b)
	}
	return contents
}
