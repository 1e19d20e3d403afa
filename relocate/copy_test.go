package relocate

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCopyFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	text := bytes.Repeat([]byte("0123456789"), 20_000)
	require.NoError(t, os.WriteFile(from, text, 0o600))
	old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, os.Chtimes(from, old, old))
	require.NoError(t, copyFile(t.Context(), from, to))
	assert.True(t, sameBytes(from, to))
	info, err := os.Stat(to)
	require.NoError(t, err)
	assert.True(t, info.ModTime().Equal(old))
	require.ErrorIs(t, copyFile(t.Context(), from, to), os.ErrExist)

	require.NoError(t, os.WriteFile(to, append(text, 'x'), 0o600))
	assert.False(t, sameBytes(from, to), "longer")
	text[len(text)-1]++
	require.NoError(t, os.WriteFile(to, text, 0o600))
	assert.False(t, sameBytes(from, to), "another byte")
	assert.False(t, sameBytes(from, to+"none"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, copyFile(ctx, from, to+"2"), context.Canceled)
}
