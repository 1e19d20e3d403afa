package cachedir_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// TestFolderIsRemoved removes the folder while it is in use.
func TestFolderIsRemoved(t *testing.T) {
	d := cachedir.Open(filepath.Join(t.TempDir(), "cache"), 0)
	put(t, d, keyOf(1), "first")
	require.NoError(t, os.RemoveAll(d.Path()))
	_, err := d.Read(keyOf(1), kind)
	require.ErrorIs(t, err, cachedir.ErrAbsent)
	put(t, d, keyOf(1), "second")
	got, err := d.Read(keyOf(1), kind)
	require.NoError(t, err)
	assert.Equal(t, "second", string(got))
	assert.FileExists(t, filepath.Join(d.Path(), "CACHEDIR.TAG"))
	assert.NoError(t, d.Fault())
}

// TestFolderThatCannotBeWritten puts a file where the folder should be.
func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	d := cachedir.Open(filepath.Join(file, "cache"), 0)
	require.Error(t, d.Put(keyOf(1), kind, func(io.Writer) error { return nil }))
	require.ErrorContains(t, d.Fault(), "cache folder "+d.Path())
	_, err := d.Read(keyOf(1), kind)
	require.Error(t, err)
	_, err = d.Lock(keyOf(1), kind)
	require.Error(t, err)
	d.Evict()
}

func TestNoFolder(t *testing.T) {
	var d *cachedir.Dir
	key, err := d.Key("no such file")
	require.NoError(t, err)
	require.NoError(t, d.Put(key, kind, func(io.Writer) error { return errors.New("not called") }))
	_, err = d.Read(key, kind)
	require.ErrorIs(t, err, cachedir.ErrAbsent)
	lock, err := d.Lock(key, kind)
	require.NoError(t, err)
	require.NoError(t, lock.Release())
	d.Remove(key, kind)
	d.Evict()
	assert.NoError(t, d.Fault())
	assert.Empty(t, d.Path())
}

func TestLock(t *testing.T) {
	d := cachedir.Open(t.TempDir(), 0)
	lock, err := d.Lock(keyOf(1), kind)
	require.NoError(t, err)
	_, err = d.Lock(keyOf(1), kind)
	var held *outlock.HeldError
	require.ErrorAs(t, err, &held)
	other, err := d.Lock(keyOf(2), kind)
	require.NoError(t, err)
	require.NoError(t, other.Release())
	require.NoError(t, lock.Release())
}

func TestUsage(t *testing.T) {
	d := cachedir.Open(filepath.Join(t.TempDir(), "new"), 0)
	entries, bytes := d.Usage()
	assert.Zero(t, entries)
	assert.Zero(t, bytes)
	put(t, d, keyOf(1), "content")
	put(t, d, keyOf(2), strings.Repeat("x", 5000))
	entries, bytes = d.Usage()
	assert.Equal(t, 2, entries)
	assert.Greater(t, bytes, int64(5000))
	var none *cachedir.Dir
	entries, bytes = none.Usage()
	assert.Zero(t, entries+int(bytes))
}
