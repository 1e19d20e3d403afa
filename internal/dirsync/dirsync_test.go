package dirsync_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/dirsync"
)

func TestSync(t *testing.T) {
	dir := t.TempDir()
	assert.NoError(t, dirsync.Sync(dir))
	assert.ErrorIs(t, dirsync.Sync(filepath.Join(dir, "missing")), os.ErrNotExist)
	t.Chdir(dir)
	assert.NoError(t, dirsync.Sync(""))
}
