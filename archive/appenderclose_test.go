package archive_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestCloseUnwanted: once the context has ended, Close compresses nothing and
// returns the context's error.
func TestCloseUnwanted(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		base := t.TempDir() + "/rec"
		a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{
			Compress: archive.CompressZstd, CompressLast: true, Context: ctx,
		})
		require.NoError(t, err)
		require.NoError(t, a.Mark(pcp.Timestamp{Sec: 1}))
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 2}, Sets: []archive.ValueSet{{PMID: 1, Err: pcp.ErrnoAgain}}}))
		if cancelled {
			cancel()
		}
		err = a.Close()
		_, packed := os.Stat(base + ".0.zst")
		if cancelled {
			require.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, packed, os.ErrNotExist)
			continue
		}
		require.NoError(t, err)
		assert.NoError(t, packed)
	}
}
