package read

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

// TestLateSamples has samples in no order, of which one chunk cannot hold as many
// as others do. Every second one is followed by another of its time.
func TestLateSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	h := newHead(&Reader{opts: Options{End: math.MaxInt64, TempDir: t.TempDir()}}, "")
	h.declare(1, labels.FromStrings("a", "b"))
	const newest = 1 << 40
	require.NoError(t, h.sample(1, newest, 1))
	want := map[int64]uint64{newest: math.Float64bits(1)}
	for i := range 5*chunk.MaxSamples*2/3 - 7 {
		late, bits := rng.Int64N(newest), rng.Uint64()
		require.NoError(t, h.sample(1, late, math.Float64frombits(bits)))
		if i%2 == 0 {
			require.NoError(t, h.sample(1, late, 2))
		}
		want[late] = bits
	}
	require.NoError(t, h.finish())
	got := map[int64]uint64{}
	for i := range h.lanes {
		l := &lane{log: logPlace{lane: i}}
		for p, ok := h.next(l); ok; p, ok = h.next(l) {
			enc, data, err := h.load(p, nil)
			require.NoError(t, err)
			require.LessOrEqual(t, len(data), chunkenc.MaxBytesPerXORChunk)
			chunk, err := chunkenc.FromData(enc, data)
			require.NoError(t, err)
			last := p.mint
			for it := chunk.Iterator(nil); it.Next() != chunkenc.ValNone; {
				at, v := it.At()
				require.GreaterOrEqual(t, at, last)
				require.NotContains(t, got, at)
				got[at], last = math.Float64bits(v), at
			}
			require.Equal(t, p.maxt, last)
		}
	}
	assert.Equal(t, want, got)
	require.NoError(t, h.spill.Close())
}
