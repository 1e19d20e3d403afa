package nativehist_test

import (
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/nativehist"
)

// TestPacker has integers and floats, gauges, custom bounds, resets, ends of the
// series and more than a chunk holds: they come back in order.
func TestPacker(t *testing.T) {
	var p nativehist.Packer
	var chunks []nativehist.Packed
	take := func(done nativehist.Packed, ok bool, err error) {
		require.NoError(t, err)
		if ok {
			chunks = append(chunks, done)
		}
	}
	_, any := p.Last()
	assert.False(t, any)
	_, any = p.Cut()
	assert.False(t, any)
	var want []*histogram.FloatHistogram
	for i := range int64(800) {
		h := tsdbutil.GenerateTestHistogram(i % 300)
		switch {
		case i >= 700:
			h = tsdbutil.GenerateTestGaugeHistogram(900 - i)
		case i >= 600:
			h = tsdbutil.GenerateTestCustomBucketsHistogram(i)
		}
		switch fh := h.ToFloat(nil); {
		case i%50 == 49:
			take(p.AppendStale(i))
			want = append(want, nativehist.Stale().ToFloat(nil))
		case i >= 350:
			take(p.Append(i, nil, fh))
			want = append(want, fh.Copy())
		default:
			take(p.Append(i, h, nil))
			want = append(want, fh)
		}
		last, ok := p.Last()
		require.True(t, ok)
		require.Equal(t, i, last)
	}
	done, ok := p.Cut()
	take(done, ok, nil)
	require.Greater(t, len(chunks), 16, "each end and each reset begins one")
	next := int64(0)
	for _, c := range chunks {
		require.Equal(t, next, c.MinTime)
		require.LessOrEqual(t, c.Chunk.NumSamples(), 120)
		for it := c.Chunk.Iterator(nil); it.Next() != chunkenc.ValNone; next++ {
			at, h := it.AtFloatHistogram(nil)
			require.Equal(t, next, at)
			if nativehist.IsStale(nil, want[next]) {
				require.True(t, nativehist.IsStale(nil, h))
				continue
			}
			require.True(t, want[next].Compact(0).Equals(h.Compact(0)), "%d: %v became %v", next, want[next], h)
		}
		require.Equal(t, next-1, c.MaxTime)
	}
	assert.EqualValues(t, 800, next)
}

// TestPackerFills has chunks of as many samples as Prometheus' have.
func TestPackerFills(t *testing.T) {
	var p nativehist.Packer
	for i := range int64(121) {
		done, ok, err := p.Append(i, tsdbutil.GenerateTestHistogram(1), nil)
		require.NoError(t, err)
		require.Equal(t, i == 120, ok)
		if ok {
			assert.Equal(t, 120, done.Chunk.NumSamples())
			assert.Equal(t, int64(119), done.MaxTime)
		}
	}
}
