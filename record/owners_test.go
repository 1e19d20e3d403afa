package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Owners are in force before their file is written, and come back from it.
func TestOwners(t *testing.T) {
	dir := t.TempDir()
	o, err := loadOwners(dir)
	require.NoError(t, err)
	require.NoError(t, o.save())
	_, err = os.Stat(filepath.Join(dir, ownersFile))
	require.ErrorIs(t, err, os.ErrNotExist, "there is nothing to say")

	o.saving.Lock() // somebody writes the file
	o.set(map[stem]string{{"h", "job"}: "1"})
	assert.True(t, o.mayHave(stem{"h", "job"}, "1"))
	assert.False(t, o.mayHave(stem{"h", "job"}, "2"))
	o.saving.Unlock()

	require.NoError(t, o.save())
	again, err := loadOwners(dir)
	require.NoError(t, err)
	assert.False(t, again.mayHave(stem{"h", "job"}, "2"))
	assert.True(t, again.mayHave(stem{"h", "other"}, "2"))
}

// A file that could not be written is written later, although nothing has changed since.
func TestOwnersUnsaved(t *testing.T) {
	dir := t.TempDir()
	o, err := loadOwners(dir)
	require.NoError(t, err)
	o.set(map[stem]string{{"h", "job"}: "1"})
	aside := filepath.Join(dir, ownersFile+".new")
	require.NoError(t, os.Mkdir(aside, 0o755))
	require.Error(t, o.save())
	require.NoError(t, os.Remove(aside))
	require.NoError(t, o.save())
	again, err := loadOwners(dir)
	require.NoError(t, err)
	assert.False(t, again.mayHave(stem{"h", "job"}, "2"))
}
