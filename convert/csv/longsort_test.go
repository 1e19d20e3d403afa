package csv

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// TestLongSorter sorts values that do not fit the memory for them.
func TestLongSorter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{0, 1, 1000, 10_000} {
		s := longSorter{limit: limit}
		var want []longValue
		for i := range 2000 {
			v := longValue{pcp.Timestamp{Sec: rng.Int64N(50), Nsec: rng.Int32N(3)}, rng.Uint32N(9), uint32(i), i%7 == 0, fmt.Sprint(i)}
			want = append(want, v)
			require.NoError(t, s.add(v))
		}
		slices.SortFunc(want, compareLong)
		var got []longValue
		require.NoError(t, s.each(func(v longValue) bool { got = append(got, v); return true }))
		assert.Equal(t, want, got)
		assert.Equal(t, limit != 0, len(s.runs) > 0)
		n := 0
		require.NoError(t, s.each(func(longValue) bool { n++; return n < 3 }))
		assert.Equal(t, 3, n, "ends early")
		require.NoError(t, s.file.Close())
	}
}
