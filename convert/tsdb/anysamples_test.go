package tsdb_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// TestAnySamples writes random samples and compares what is read back with a model of
// what the rules on time leave of them. Each eight bytes are a sample: series, two
// bytes of time since the sample before, and the ends of the value's bits. To write a
// block takes milliseconds, so the fuzz targets are those of the parts: FuzzXOR and
// FuzzStore for the packing, FuzzReadBlock and FuzzReadChunk for the reading.
func TestAnySamples(t *testing.T) {
	inputs := [][]byte{
		[]byte("\x00\x00\x01\x7f\xf0\x00\x00\x02\x01\x00\x00\x00\x00\x00\x00\x01\x00\xff\xff\x80\x00\x00\x00\x00"),
		[]byte("\x00\x7f\xff\x00\x00\x00\x00\x01\x00\x7f\xff\x00\x00\x00\x00\x02\x00\x80\x00\x00\x00\x00\x00\x03"),
	}
	var long []byte
	for i := range 300 {
		long = append(long, byte(i%2), 0, 1, byte(i), byte(i*7), 3, 4, 5)
	}
	inputs = append(inputs, long)
	for seed := range uint64(60) {
		random := rand.NewChaCha8([32]byte{byte(seed)})
		data := make([]byte, 8*(1+random.Uint64()%500))
		_, _ = random.Read(data)
		for i := 1; i < len(data) && seed%3 > 0; i += 8 {
			data[i] &= byte(seed % 3) // mostly short steps, so that few windows end
		}
		inputs = append(inputs, data)
	}
	for _, data := range inputs {
		writeAny(t, data)
	}
}

// writeAny writes the samples of data.
func writeAny(t *testing.T, data []byte) {
	t.Helper()
	const width = 40 // seconds, and the longest step is 32
	b, err := write.NewBlocks(t.TempDir(), write.Options{BlockRange: width * time.Second})
	require.NoError(t, err)
	defer func() { _ = b.Close() }()
	want := blocktest.Content{}
	all := []*prom.Series{blocktest.NewSeries(0, "m", "a"), blocktest.NewSeries(1, "m", "b"), blocktest.NewSeries(2, "a", "c")}
	now, window := int64(0), int64(math.MinInt64)
	for ; len(data) >= 8 && len(b.Written()) < 4; data = data[8:] {
		s := all[int(data[0])%len(all)]
		key := blocktest.Labels(s).String()
		now += int64(int16(binary.BigEndian.Uint16(data[1:])))
		bits := uint64(binary.BigEndian.Uint16(data[3:]))<<48 | uint64(data[5])<<16 | uint64(binary.BigEndian.Uint16(data[6:]))
		err := sinktest.Put(b, s, now, math.Float64frombits(bits))
		index := int64(math.Floor(float64(now) / (width * 1000)))
		points := want[key]
		last := len(points) - 1
		switch {
		case index < window || last >= 0 && now < points[last].T:
			var order *write.OrderError
			require.True(t, errors.As(err, &order), "%v", err)
			continue
		case last >= 0 && now == points[last].T:
			points[last].Bits = bits
		default:
			want[key] = append(points, blocktest.Point{T: now, Bits: bits})
		}
		require.NoError(t, err)
		window = index
	}
	require.NoError(t, sinktest.Finish(b))
	require.Equal(t, want, tsdbtest.ReadBlocks(t, b.Written()))
}
