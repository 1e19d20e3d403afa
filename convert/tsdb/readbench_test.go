package tsdb_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/pcp"
)

type nowhere struct{ n int }

func (s *nowhere) Sample(*prom.Series, int64, float64) error { s.n++; return nil }

// benchBlock writes an hour of 5000 series at 15 s: constants, counters and
// others.
func benchBlock(b *testing.B) (dir string, samples int) {
	b.Helper()
	all := blocktest.ManySeries(5000)
	blocks, dir := blocktest.NewBlocks(b, write.Options{})
	rng := rand.New(rand.NewPCG(1, 2))
	value := make([]float64, len(all))
	for row := range int64(960) {
		for i, s := range all {
			switch i % 10 {
			case 0, 1, 2:
			case 3, 4, 5, 6:
				value[i] += float64(rng.IntN(1000))
			default:
				value[i] = rng.Float64()
			}
			if sinktest.Put(blocks, s, blocktest.Noon+row*15000, value[i]) != nil {
				b.Fatal()
			}
			samples++
		}
	}
	require.NoError(b, sinktest.Finish(blocks))
	return dir, samples
}

func BenchmarkReader(b *testing.B) {
	dir, samples := benchBlock(b)
	b.ReportAllocs()
	for b.Loop() {
		r, err := read.Open(b.Context(), []string{dir}, read.Options{})
		require.NoError(b, err)
		sink := &nowhere{}
		require.NoError(b, r.Samples(b.Context(), sinktest.Sink(sink)))
		require.Equal(b, samples, sink.n)
	}
	b.ReportMetric(float64(samples)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkBlocksToArchive(b *testing.B) {
	dir, samples := benchBlock(b)
	b.ReportAllocs()
	for b.Loop() {
		r, err := read.Open(b.Context(), []string{dir}, read.Options{})
		require.NoError(b, err)
		m, err := mapper.New(mapper.Options{Host: "h"})
		require.NoError(b, err)
		a, err := archive.Create(filepath.Join(b.TempDir(), "a"), archive.Header{Host: "h", PID: 1}, &archive.WriteOptions{Version: pcp.V3, NoSync: true})
		require.NoError(b, err)
		sink := assemble.New(convert.NewToArchive(a), m, assemble.Options{})
		require.NoError(b, r.Samples(b.Context(), sink))
		require.NoError(b, sinktest.Finish(sink))
	}
	b.ReportMetric(float64(samples)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
