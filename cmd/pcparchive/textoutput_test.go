package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOutputInterrupted ends the context while text is written.
func TestOutputInterrupted(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"-", filepath.Join(dir, "page")} {
		ctx, cancel := context.WithCancel(t.Context())
		var stdout bytes.Buffer
		err := toOutput(ctx, streams{out: &stdout}, path, func(w io.Writer) error {
			big := make([]byte, 1<<16) // more than a buffer
			_, err := w.Write(big)
			require.NoError(t, err)
			cancel()
			_, err = w.Write(big)
			return err
		})
		require.ErrorIs(t, err, context.Canceled, path)
		assert.Contains(t, []int{0, 1 << 16}, stdout.Len(), path)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
