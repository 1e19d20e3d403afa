package derive_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/internal/conffile"
)

// A file of 4 MiB is loaded whole, and a longer one not at all.
func TestLoadLongFile(t *testing.T) {
	const last = "\nd.last = a.b\n"
	path := filepath.Join(t.TempDir(), "derived")
	text := append(bytes.Repeat([]byte("#"), 4<<20-len(last)), last...)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	all, err := derive.Load(path)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "d.last", all[0].Name)

	require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
	for _, named := range []string{path, filepath.Dir(path)} {
		_, err = derive.Load(named)
		require.ErrorIs(t, err, conffile.ErrTooLong)
		assert.ErrorContains(t, err, path)
	}
}
