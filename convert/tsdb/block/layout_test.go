package block

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"
)

// chunksOf returns a chunk of each encoding of histograms with a histogram.
func chunksOf(t *testing.T, h *histogram.Histogram) map[chunkenc.Encoding][]byte {
	all := map[chunkenc.Encoding][]byte{}
	for _, c := range []chunkenc.Chunk{
		chunkenc.NewHistogramChunk(), chunkenc.NewFloatHistogramChunk(), chunkenc.NewHistogramSTChunk(), chunkenc.NewFloatHistogramSTChunk(),
	} {
		app, err := c.Appender()
		require.NoError(t, err)
		if c.Encoding() == chunkenc.EncHistogram || c.Encoding() == chunkenc.EncHistogramST {
			_, _, _, err = app.AppendHistogram(nil, 0, 1, h, true)
		} else {
			_, _, _, err = app.AppendFloatHistogram(nil, 0, 1, h.ToFloat(nil), true)
		}
		require.NoError(t, err)
		all[c.Encoding()] = c.Bytes()
	}
	return all
}

// forged returns a chunk with one span of the given length and without buckets.
func forged(length uint64) []byte {
	const zeroThreshold, schema, oneSpan, offset, noSpans = "00000000", "0", "10001", "0", "0"
	text := zeroThreshold + schema + oneSpan + "11111111" + fmt.Sprintf("%064b", length) + offset + noSpans + strings.Repeat("0", 300)
	data := []byte{0, 1, 0} // one histogram
	for ; len(text) >= 8; text = text[8:] {
		b, _ := strconv.ParseUint(text[:8], 2, 8)
		data = append(data, byte(b))
	}
	return data
}

// TestChecksBuckets has layouts of every kind, which are whole, or state more buckets
// than there are.
func TestChecksBuckets(t *testing.T) {
	odd := tsdbutil.GenerateTestHistogram(3)
	odd.ZeroThreshold = 0.3
	many := &histogram.Histogram{
		Schema: 3, Sum: 1, PositiveSpans: []histogram.Span{{Offset: -700, Length: 100}, {Offset: 9, Length: 1}},
		NegativeSpans: []histogram.Span{{Offset: math.MaxInt16, Length: 60}}, PositiveBuckets: make([]int64, 101), NegativeBuckets: make([]int64, 60),
	}
	for _, h := range []*histogram.Histogram{tsdbutil.GenerateTestHistogram(0), tsdbutil.GenerateTestCustomBucketsHistogram(2), odd, many, {Sum: 4}} {
		for enc, data := range chunksOf(t, h) {
			require.NoError(t, CheckEncoding(enc, data), "%s: %v", enc, h)
		}
	}
	for enc := range chunksOf(t, odd) {
		for _, length := range []uint64{1 << 31, math.MaxUint32, 1 << 12} {
			data := forged(length)
			require.ErrorContains(t, CheckEncoding(enc, data), "buckets", "%s: %d", enc, length)
			require.ErrorContains(t, CheckEncoding(enc, data[:12]), "layout")
			data[1] = 0
			require.NoError(t, CheckEncoding(enc, data), "no histogram is read")
		}
	}
}
