package wal

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// TestLateSamples adds random samples without order, of which a chunk holds fewer than
// usual. Every second sample is followed by another sample of its time.
func TestLateSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	p := newPacker(&Options{End: math.MaxInt64, TempDir: t.TempDir()})
	p.declare(1, labels.FromStrings("a", "b"))
	const newest = 1 << 40
	require.NoError(t, p.add(1, newest, 1))
	want := map[int64]uint64{newest: math.Float64bits(1)}
	for i := range 5*chunk.MaxSamples*2/3 - 7 {
		late, bits := rng.Int64N(newest), rng.Uint64()
		require.NoError(t, p.add(1, late, math.Float64frombits(bits)))
		if i%2 == 0 {
			require.NoError(t, p.add(1, late, 2))
		}
		want[late] = bits
	}
	require.NoError(t, p.finish())
	got := map[int64]uint64{}
	for _, l := range p.log.Lanes() {
		for _, c := range l.Chunks {
			enc, data, err := p.log.Load(c, nil)
			require.NoError(t, err)
			require.LessOrEqual(t, len(data), chunkenc.MaxBytesPerXORChunk)
			chunk, err := chunkenc.FromData(enc, data)
			require.NoError(t, err)
			last := c.MinTime
			for it := chunk.Iterator(nil); it.Next() != chunkenc.ValNone; {
				at, v := it.At()
				require.GreaterOrEqual(t, at, last)
				require.NotContains(t, got, at)
				got[at], last = math.Float64bits(v), at
			}
			require.Equal(t, c.MaxTime, last)
		}
	}
	assert.Equal(t, want, got)
	require.NoError(t, p.log.Close())
}
