package fuzz

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// FuzzHeader decodes archive labels and writes them again.
func FuzzHeader(f *testing.F) {
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := archive.DecodeHeader(payload)
		if err != nil {
			var fe *pcp.FormatError
			require.ErrorAs(t, err, &fe)
			require.True(t, fe.Offset >= 0 && fe.Offset <= int64(len(payload))+4, "%v", err)
			return
		}
		require.Equal(t, archive.HeaderSize(h.Version), int64(len(payload))+8)
		fixed := 20 // bytes before the strings
		if h.Version == pcp.V3 {
			fixed = 32
		}
		if h.Version == pcp.V2 && wideFraction(payload[8:]) {
			return
		}
		dir := t.TempDir()
		w, err := archive.CreateRecords(filepath.Join(dir, "a"), h.Version, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		if _, err := w.Write(h); err != nil {
			require.True(t, refusal(err), "%v", err)
			require.NoError(t, w.Close())
			return
		}
		require.NoError(t, w.Close())
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, files, 1)
		raw, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
		require.NoError(t, err)
		written := raw[4 : len(raw)-4]
		require.Len(t, written, len(payload))
		if h.Version == pcp.V3 {
			fixed -= 4 // reserved, written as 0
		}
		require.Equal(t, payload[:fixed], written[:fixed])
		again, err := archive.DecodeHeader(written)
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}
