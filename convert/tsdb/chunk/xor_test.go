package chunk

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
	var ours XOR
	for range 1000 {
		irregular, narrow, constant := rng.IntN(4), rng.IntN(64), rng.IntN(3)
		at, step, bits := rng.Int64()-rng.Int64(), rng.Int64N(1<<20), rng.Uint64()
		samples := make([]Sample, 1+rng.IntN(MaxSamples+10))
		for i := range samples {
			samples[i] = Sample{at, math.Float64frombits(bits)}
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
		ours.Reset()
		for rest := samples; len(rest) > 0 && !ours.Full(); {
			n := 1 + rng.IntN(min(len(rest), 3*BatchSize))
			left := ours.Append(rest[:n])
			for _, s := range rest[:n-len(left)] {
				require.Less(t, theirs.NumSamples(), MaxSamples)
				require.LessOrEqual(t, len(theirs.Bytes()), chunkenc.MaxBytesPerXORChunkBeforeAppend)
				app.Append(0, s.T, s.V)
			}
			require.Equal(t, theirs.Bytes(), ours.data)
			if len(left) > 0 {
				require.True(t, ours.Full())
			}
			rest = rest[n-len(left):]
		}
		require.Equal(t, samples[0].T, ours.mint)
		require.Equal(t, samples[ours.n-1].T, ours.maxt)
		require.LessOrEqual(t, len(ours.data), chunkenc.MaxBytesPerXORChunk)
	}
}
