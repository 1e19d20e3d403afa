package tsdb_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// TestReadsAroundDamage flips each byte of a segment: the chunk concerned is lost
// and named, and nothing else changes.
func TestReadsAroundDamage(t *testing.T) {
	dir := t.TempDir()
	folder := craft(t, dir, crafted{series: []craftedSeries{plainSeries("b", "1"), plainSeries("b", "2"), plainSeries("b", "3")}})
	whole := gather(t, read.Options{}, dir)
	path := filepath.Join(folder, "chunks", "000001")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0xff
		require.NoError(t, os.WriteFile(path, bad, 0o666))
		got := gather(t, read.Options{}, dir)
		for series, points := range got.content {
			require.Equal(t, whole.content[series], points)
		}
		lost := len(whole.content) - len(got.content)
		require.Len(t, got.damage, lost, i)
		if i >= 8 {
			require.Equal(t, 1, lost, i)
			require.Regexp(t, `: series \{__name__="a", b="[123]"\}: chunk from 2026-03-01T12:00:00\.000Z to 2026-03-01T12:00:01\.000Z: segment 000001: offset `, got.damage[0])
		}
	}
	require.NoError(t, os.Remove(path))
	got := gather(t, read.Options{}, dir)
	require.Len(t, got.damage, 3)
	require.Contains(t, got.damage[0], "segment 000001 is missing")
}
