package prom

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/endctx"
)

// TestSorterEnds ends the context at each check of a Flush, while it sorts, spills,
// merges and delivers: no sample follows, and Close frees all.
func TestSorterEnds(t *testing.T) {
	for _, memory := range []int64{0, 1} { // one sort in memory, and many runs
		for n := 1; ; n++ {
			k := &taker{}
			s := NewSorter(testSink(k), SorterOptions{Memory: memory, Dir: t.TempDir()})
			series := promSeries(1)[0]
			for i := range int64(3*checkEvery + 9) {
				require.NoError(t, s.Append(series, []Sample{{T: -i * 1000}}))
			}
			err := s.Flush(endctx.At(n))
			require.NoError(t, s.Close())
			require.Equal(t, 1, k.closed)
			if err == nil {
				require.Greater(t, n, 5, "there were checks")
				require.Len(t, k.got, 3*checkEvery+9)
				break
			}
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, len(k.got), 3*checkEvery+9)
		}
	}
}
