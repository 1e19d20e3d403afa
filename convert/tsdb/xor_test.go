package tsdb

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

// TestXORChunk adds samples of every kind, in batches of any size, and expects
// the bytes that Prometheus' own chunk has.
func TestXORChunk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	steps := []int64{0, 1, 1 << 13, 1<<13 + 1, 1 << 16, 1<<16 + 1, 1 << 19, 1<<19 + 1, 1 << 40, math.MaxInt64}
	var ours xorChunk
	for range 1000 {
		irregular, narrow, constant := rng.IntN(4), rng.IntN(64), rng.IntN(3)
		at, step, bits := rng.Int64()-rng.Int64(), rng.Int64N(1<<20), rng.Uint64()
		samples := make([]sample, 1+rng.IntN(samplesPerChunk+10))
		for i := range samples {
			samples[i] = sample{at, math.Float64frombits(bits)}
			if rng.IntN(8) < irregular {
				d := steps[rng.IntN(len(steps))]
				step += d * (1 - 2*rng.Int64N(2))
			}
			at += step
			if rng.IntN(3) >= constant {
				bits ^= rng.Uint64() >> narrow << rng.IntN(1+narrow)
			}
		}
		theirs := chunkenc.NewXORChunk()
		app, err := theirs.Appender()
		require.NoError(t, err)
		ours.reset()
		for rest := samples; len(rest) > 0 && !ours.full(); {
			n := 1 + rng.IntN(min(len(rest), 3*batchSize))
			left := ours.append(rest[:n])
			for _, s := range rest[:n-len(left)] {
				require.Less(t, theirs.NumSamples(), samplesPerChunk)
				require.LessOrEqual(t, len(theirs.Bytes()), chunkenc.MaxBytesPerXORChunkBeforeAppend)
				app.Append(0, s.t, s.v)
			}
			require.Equal(t, theirs.Bytes(), ours.data)
			if len(left) > 0 {
				require.True(t, ours.full())
			}
			rest = rest[n-len(left):]
		}
		require.Equal(t, samples[0].t, ours.mint)
		require.Equal(t, samples[ours.n-1].t, ours.maxt)
		require.LessOrEqual(t, len(ours.data), chunkenc.MaxBytesPerXORChunk)
	}
}
