package nativehist_test

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/nativehist"
)

func TestRoundTrip(t *testing.T) {
	for i := range int64(5) {
		for _, h := range []*histogram.Histogram{
			tsdbutil.GenerateTestHistogram(i), tsdbutil.GenerateTestGaugeHistogram(i),
			tsdbutil.GenerateTestCustomBucketsHistogram(i), {}, nativehist.Stale(),
		} {
			data, err := nativehist.Encode(h, nil)
			require.NoError(t, err)
			back, none, err := nativehist.Decode(data)
			require.NoError(t, err)
			assert.Nil(t, none)
			assert.True(t, h.Equals(back), "%v became %v", h, back)
			assert.Equal(t, h.CounterResetHint, back.CounterResetHint)
			assert.Equal(t, nativehist.IsStale(h, nil), nativehist.IsStale(back, nil))
		}
		for _, fh := range []*histogram.FloatHistogram{
			tsdbutil.GenerateTestFloatHistogram(i), tsdbutil.GenerateTestGaugeFloatHistogram(i),
			tsdbutil.GenerateTestCustomBucketsFloatHistogram(i), {},
		} {
			data, err := nativehist.Encode(nil, fh)
			require.NoError(t, err)
			none, back, err := nativehist.Decode(data)
			require.NoError(t, err)
			assert.Nil(t, none)
			assert.True(t, fh.Equals(back), "%v became %v", fh, back)
			assert.Equal(t, fh.CounterResetHint, back.CounterResetHint)
		}
	}
	_, err := nativehist.Encode(nil, nil)
	assert.Error(t, err)
}

func TestStale(t *testing.T) {
	assert.True(t, nativehist.IsStale(nativehist.Stale(), nil))
	assert.True(t, nativehist.IsStale(nil, nativehist.Stale().ToFloat(nil)))
	assert.False(t, nativehist.IsStale(tsdbutil.GenerateTestHistogram(1), nil))
	assert.False(t, nativehist.IsStale(nil, nil))
}

// FuzzDecode holds that a histogram that Decode returns keeps its bytes through
// Encode and Decode. Bytes are compared because a NaN in a histogram equals nothing.
func FuzzDecode(f *testing.F) {
	for i := range int64(3) {
		for _, h := range []*histogram.Histogram{tsdbutil.GenerateTestHistogram(i), tsdbutil.GenerateTestCustomBucketsHistogram(i)} {
			data, err := nativehist.Encode(h, nil)
			require.NoError(f, err)
			f.Add(data)
			data, err = nativehist.Encode(nil, h.ToFloat(nil))
			require.NoError(f, err)
			f.Add(data)
		}
	}
	odd := tsdbutil.GenerateTestFloatHistogram(1)
	odd.ZeroThreshold = math.NaN()
	data, err := nativehist.Encode(nil, odd)
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, fh, err := nativehist.Decode(data)
		if err != nil {
			return
		}
		require.True(t, (h == nil) != (fh == nil))
		again, err := nativehist.Encode(h, fh)
		require.NoError(t, err)
		h2, fh2, err := nativehist.Decode(again)
		require.NoError(t, err)
		last, err := nativehist.Encode(h2, fh2)
		require.NoError(t, err)
		assert.Equal(t, again, last)
	})
}
