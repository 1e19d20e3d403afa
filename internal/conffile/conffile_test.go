package conffile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/conffile"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.conf", "a.conf", "a.txt", "folder.conf/c.conf"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	isConf := func(name string) bool { return filepath.Ext(name) == ".conf" }
	got, err := conffile.Files(dir, isConf)
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "a.conf"), filepath.Join(dir, "b.conf")}, got)
	got, err = conffile.Files(filepath.Join(dir, "a.txt"), isConf)
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "a.txt")}, got, "a file that is named counts")
	_, err = conffile.Files(filepath.Join(dir, "none"), isConf)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, []byte("1234"), 0o644))
	got, err := conffile.Read(file, 4)
	require.NoError(t, err)
	assert.Equal(t, "1234", string(got))
	_, err = conffile.Read(file, 3)
	require.ErrorIs(t, err, conffile.ErrTooLong)
	assert.ErrorContains(t, err, file)
}
