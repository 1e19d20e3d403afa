package chunk

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

// sampleSize is the size of a sample in the input of [FuzzXOR].
const sampleSize = 12

// samplesOf reads samples from the input of a fuzz target. Each has one byte for the
// number of bits to shift the change of the step, three for that change, and eight for
// the bits in which the value differs from its predecessor's.
func samplesOf(data []byte) []Sample {
	var samples []Sample
	var now, step int64
	var bits uint64
	for ; len(data) >= sampleSize; data = data[sampleSize:] {
		word := binary.BigEndian.Uint32(data)
		step += int64(int32(word<<8)>>8) << (word >> 24 & 63)
		now += step
		bits ^= binary.BigEndian.Uint64(data[4:])
		samples = append(samples, Sample{now, math.Float64frombits(bits)})
	}
	return samples
}

// FuzzXOR compares the bytes of a chunk, and what Prometheus decodes from them, with
// Prometheus' own chunk of the same samples. batch is how many samples come at once.
func FuzzXOR(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x7f\xf0\x00\x00\x00\x00\x00\x02\x0d\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"), byte(1))
	f.Add([]byte("\x10\x00\x00\x01\x00\x00\x0f\xff\xff\x00\x00\x00\x13\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), byte(8))
	var long []byte
	for i := range 300 {
		long = append(long, byte(i%40), 0, byte(i), 1, byte(i*7), 0, 3, 4, byte(i), 5, 0, byte(i))
	}
	f.Add(long, byte(13))
	var ours XOR
	f.Fuzz(func(t *testing.T, data []byte, batch byte) {
		samples := samplesOf(data)
		for len(samples) > 0 {
			ours.Reset()
			samples = samples[fillBoth(t, &ours, samples, 1+int(batch)%(2*BatchSize)):]
		}
	})
}

// fillBoth fills our chunk and Prometheus' with samples, compares them and returns how
// many samples they have.
func fillBoth(t *testing.T, ours *XOR, samples []Sample, batch int) int {
	theirs := chunkenc.NewXORChunk()
	app, err := theirs.Appender()
	require.NoError(t, err)
	n := 0
	for n < len(samples) && !ours.Full() {
		rest := samples[n:]
		left := ours.Append(rest[:min(batch, len(rest))])
		taken := min(batch, len(rest)) - len(left)
		require.True(t, taken > 0 && (len(left) == 0 || ours.Full()), "%d of a batch of %d", taken, batch)
		for _, s := range rest[:taken] {
			app.Append(0, s.T, s.V)
		}
		n += taken
	}
	require.Equal(t, theirs.Bytes(), ours.data)
	require.Equal(t, n, ours.Len())
	require.LessOrEqual(t, len(ours.data), chunkenc.MaxBytesPerXORChunk)
	var read chunkenc.XORChunk
	read.Reset(ours.Record().Data)
	it := read.Iterator(nil)
	for _, want := range samples[:n] {
		require.Equal(t, chunkenc.ValFloat, it.Next())
		at, v := it.At()
		if at != want.T || math.Float64bits(v) != math.Float64bits(want.V) {
			t.Fatalf("read %d %v, want %d %v", at, v, want.T, want.V)
		}
	}
	require.Equal(t, chunkenc.ValNone, it.Next())
	return n
}
