package tsdb_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// TestDumpMakesTheSameBlocks brings archives to blocks on two ways: ours, and by
// way of text that promtool reads. But for the ends of series, which text cannot
// say, they are the same.
func TestDumpMakesTheSameBlocks(t *testing.T) {
	for _, name := range []string{"moomba.client", "pcp-mpstat4", "bind2-9.18", "mmv.help"} {
		t.Run(name, func(t *testing.T) {
			r, err := archive.Open(filepath.Join(oracle.Corpus(t), "archives", name), nil)
			require.NoError(t, err)
			opts := flatten.Options{Names: naming.NamesPrometheus, TargetLabels: true, TextLabels: true}
			copyTo := func(dst prom.SampleSink) {
				err := convert.Copy(t.Context(), flatten.New(dst, opts), convert.FromArchive(r, history.Query{}))
				require.NoError(t, err)
			}
			blocks, _ := blocktest.NewBlocks(t, write.Options{})
			copyTo(blocks)
			require.NoError(t, sinktest.Finish(blocks))
			want := tsdbtest.ReadBlocks(t, blocks.Written())
			for series, points := range want {
				kept := points[:0]
				for _, p := range points {
					if p.Bits != blocktest.At(0, prom.StaleNaN).Bits {
						kept = append(kept, p)
					}
				}
				want[series] = kept
			}

			store := write.NewStore(t.TempDir(), nil)
			copyTo(store)
			page := filepath.Join(t.TempDir(), "dump.om")
			f, err := os.Create(page)
			require.NoError(t, err)
			require.NoError(t, expo.WriteDump(f, store, expo.Options{Format: expo.OpenMetrics, PCP: true}, nil))
			require.NoError(t, f.Close())
			require.NoError(t, store.Close())

			data := t.TempDir()
			oracle.Run(t, "promtool", "tsdb", "create-blocks-from", "openmetrics", page, data)
			got := blocktest.Content{}
			for _, block := range blocktest.Listing(t, data) {
				if block == "wal" {
					continue
				}
				for series, points := range tsdbtest.ReadBlock(t, filepath.Join(data, block)) {
					got[series] = append(got[series], points...)
				}
			}
			for _, points := range got {
				slices.SortFunc(points, func(a, b blocktest.Point) int { return cmp.Compare(a.T, b.T) })
			}
			assert.NotEmpty(t, got)
			assert.Equal(t, want, got)
		})
	}
}

// A Store gives back what it was given, spilled or not, and several series at
// once.
func TestStore(t *testing.T) {
	s := write.NewStore(t.TempDir(), nil)
	all := blocktest.ManySeries(50)
	const n = 3000
	for i := range int64(n) {
		for id, p := range all {
			require.NoError(t, sinktest.Put(s, p, blocktest.Noon+i, float64(i*int64(id))*1.37))
		}
	}
	found := 0
	for p := range s.Series() {
		found++
		i := int64(0)
		for at, err := range s.Samples(p) {
			require.NoError(t, err)
			if at.T != blocktest.Noon+i || at.V != float64(i*int64(p.ID))*1.37 {
				require.Fail(t, "another sample")
			}
			i++
			if i%1000 == 0 { // reads in between disturb nothing
				for range s.Samples(all[0]) {
					break
				}
			}
		}
		assert.Equal(t, int64(n), i)
	}
	assert.Len(t, all, found)
	for range s.Samples(blocktest.NewSeries(1000, "none", "a")) {
		require.Fail(t, "a sample of a series without any")
	}
	require.NoError(t, s.Close())
	require.Error(t, sinktest.Put(s, all[0], blocktest.Noon, 1))
}
