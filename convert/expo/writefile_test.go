package expo_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
)

func writeText(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// onlyFile checks that a folder holds one file, with the given content.
func onlyFile(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, content, string(got))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "temporary files remain")
}

func TestWriteFileReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page")
	for _, content := range []string{"up 1\n", "up 0\n", ""} {
		require.NoError(t, expo.WriteFile(t.Context(), path, writeText(content)))
		onlyFile(t, path, content)
	}
}

func TestWriteFileKeepsTheOldOneOnFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page")
	require.NoError(t, expo.WriteFile(t.Context(), path, writeText("up 1\n")))
	broken := errors.New("broken")
	err := expo.WriteFile(t.Context(), path, func(w io.Writer) error {
		require.NoError(t, writeText("half")(w))
		return broken
	})
	require.ErrorIs(t, err, broken)
	onlyFile(t, path, "up 1\n")

	ctx, cancel := context.WithCancel(t.Context())
	err = expo.WriteFile(ctx, path, func(w io.Writer) error {
		big := make([]byte, 1<<16) // more than a buffer
		_, err := w.Write(big)
		require.NoError(t, err)
		cancel()
		_, err = w.Write(big)
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	onlyFile(t, path, "up 1\n")
}

func TestWriteFileFollowsLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	target := filepath.Join(dir, "there", "page")
	require.NoError(t, os.Mkdir(filepath.Dir(target), 0o755))
	require.NoError(t, os.WriteFile(target, nil, 0o644))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, expo.WriteFile(t.Context(), link, writeText("up 1\n")))
	onlyFile(t, target, "up 1\n")
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link was replaced")
}

func TestWriteFileToDevice(t *testing.T) {
	require.NoError(t, expo.WriteFile(t.Context(), os.DevNull, writeText("up 1\n")))
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	assert.False(t, info.Mode().IsRegular(), "the device was replaced")
}
