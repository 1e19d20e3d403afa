package dirsync_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/dirsync"
)

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, "text")
		return err
	}
	assert.NoError(t, dirsync.WriteFile(path, 0o600, write))
	text, err := os.ReadFile(path)
	assert.NoError(t, err)
	assert.Equal(t, "text", string(text))
	assert.ErrorIs(t, dirsync.WriteFile(path, 0o600, write), fs.ErrExist)
	full := errors.New("full")
	assert.ErrorIs(t, dirsync.WriteFile(path+"2", 0o600, func(io.Writer) error { return full }), full)
}

func TestSync(t *testing.T) {
	dir := t.TempDir()
	assert.NoError(t, dirsync.Sync(dir))
	assert.ErrorIs(t, dirsync.Sync(filepath.Join(dir, "missing")), os.ErrNotExist)
	t.Chdir(dir)
	assert.NoError(t, dirsync.Sync(""))
}
