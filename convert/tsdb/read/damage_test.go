package read_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// TestReadsAroundDamage flips each byte of a segment: the chunk concerned is lost
// and named, and nothing else changes.
func TestReadsAroundDamage(t *testing.T) {
	dir := t.TempDir()
	folder := blocktest.Craft(t, dir, blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", "1"), blocktest.PlainSeries("b", "2"), blocktest.PlainSeries("b", "3")}})
	whole := blocktest.Gather(t, read.Options{}, dir)
	path := filepath.Join(folder, "chunks", "000001")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0xff
		require.NoError(t, os.WriteFile(path, bad, 0o666))
		got := blocktest.Gather(t, read.Options{}, dir)
		for series, points := range got.Content {
			require.Equal(t, whole.Content[series], points)
		}
		lost := len(whole.Content) - len(got.Content)
		require.Len(t, got.Damage, lost, i)
		if i >= 8 {
			require.Equal(t, 1, lost, i)
			require.Regexp(t, `: series \{__name__="a", b="[123]"\}: chunk from 2026-03-01T12:00:00\.000Z to 2026-03-01T12:00:01\.000Z: segment 000001: offset `, got.Damage[0])
		}
	}
	require.NoError(t, os.Remove(path))
	got := blocktest.Gather(t, read.Options{}, dir)
	require.Len(t, got.Damage, 3)
	require.Contains(t, got.Damage[0], "segment 000001 is missing")
}
