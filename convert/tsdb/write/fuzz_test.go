package write

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// stored is a sample as bits, which tell NaNs and zeros apart.
type stored struct {
	t    int64
	bits uint64
}

// modelOf appends the samples of data to a Store and returns what the rules on time
// leave of them. Each eight bytes are a sample: series, two bytes of time since the
// sample before, and the ends of the value's bits.
func modelOf(t *testing.T, store *Store, all []*prom.Series, data []byte) [][]stored {
	want := make([][]stored, len(all))
	now := int64(0)
	for ; len(data) >= 8; data = data[8:] {
		i := int(data[0]) % len(all)
		now += int64(int16(binary.BigEndian.Uint16(data[1:])))
		bits := uint64(binary.BigEndian.Uint16(data[3:]))<<48 | uint64(data[5])<<16 | uint64(binary.BigEndian.Uint16(data[6:]))
		err := store.Append(all[i], []prom.Sample{{T: now, V: math.Float64frombits(bits)}})
		last := len(want[i]) - 1
		switch {
		case last >= 0 && now < want[i][last].t:
			var order *OrderError
			require.True(t, errors.As(err, &order), "%v", err)
			continue
		case last >= 0 && now == want[i][last].t:
			want[i][last].bits = bits
		default:
			want[i] = append(want[i], stored{now, bits})
		}
		require.NoError(t, err)
	}
	return want
}

// FuzzStore packs any samples into chunks in memory and compares what the chunks
// yield with a model. Blocks packs its samples in the same way: TestAnySamples in the
// tests of the formats does so with whole blocks, of which the index alone takes longer
// than a thousand executions of this target.
func FuzzStore(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x7f\xf0\x00\x00\x02\x01\x00\x00\x00\x00\x00\x00\x01\x00\xff\xff\x80\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x7f\xff\x00\x00\x00\x00\x01\x00\x7f\xff\x00\x00\x00\x00\x02\x00\x80\x00\x00\x00\x00\x00\x03"))
	var long []byte
	for i := range 300 {
		long = append(long, byte(i%2), 0, 1, byte(i), byte(i*7), 3, 4, 5)
	}
	f.Add(long)
	f.Fuzz(func(t *testing.T, data []byte) {
		store := NewStore("", nil)
		all := make([]*prom.Series, 3)
		for i := range all {
			all[i] = &prom.Series{ID: i, Name: "m", Labels: []prom.Label{{Name: "i", Value: string(rune('a' + i))}}, Family: &prom.Family{Name: "m"}}
		}
		want := modelOf(t, store, all, data)
		for i, s := range all {
			var got []stored
			for x, err := range store.Samples(s) {
				require.NoError(t, err)
				got = append(got, stored{x.T, math.Float64bits(x.V)})
			}
			require.Equal(t, want[i], got)
		}
		require.NoError(t, store.Close())
	})
}
