package tsdbtest

import (
	"fmt"
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// FillHistograms appends series of every kind of native histogram: growing layouts, resets,
// gauges, custom buckets, floats, and changes between kinds and numbers.
func FillHistograms(t testing.TB, app storage.AppenderV2) {
	add := func(name string, i int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
		_, err := app.Append(0, labels.FromStrings("__name__", name, "job", "j"), 0, blocktest.Noon+i*15_000, v, h, fh, storage.AppendV2Options{})
		require.NoError(t, err)
	}
	for i := range int64(300) {
		h := tsdbutil.GenerateTestHistogram(i % 170) // a reset
		if i > 50 {
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: int32(i % 5), Length: 1})
			h.PositiveBuckets = append(h.PositiveBuckets, 1)
			h.Count += uint64(h.PositiveBuckets[0]) + 100
		}
		if err := h.Validate(); err != nil {
			h = tsdbutil.GenerateTestHistogram(i % 170)
		}
		add("ints", i, 0, h, nil)
		add("floats", i, 0, nil, tsdbutil.GenerateTestFloatHistogram(i))
		add("gauges", i, 0, tsdbutil.GenerateTestGaugeHistogram(i*7%13), nil)
		add("custom", i, 0, tsdbutil.GenerateTestCustomBucketsHistogram(i), nil)
		switch i % 7 {
		case 0, 1:
			add("turns", i, float64(i), nil, nil)
		case 2:
			add("turns", i, math.Float64frombits(0x7ff0000000000002), nil, nil)
		case 3, 4:
			add("turns", i, 0, tsdbutil.GenerateTestHistogram(i), nil)
		case 5:
			add("turns", i, 0, nil, tsdbutil.GenerateTestFloatHistogram(i))
		}
	}
	add("ended", 0, 0, tsdbutil.GenerateTestHistogram(3), nil)
	add("ended", 1, 0, nativehist.Stale(), nil)
	add("ended", 2, 0, nil, tsdbutil.GenerateTestFloatHistogram(3))
	add("ended", 3, 0, nil, nativehist.Stale().ToFloat(nil))
}

// ReadHistograms reads a block as a Prometheus server does, and returns a line for each
// sample. The lines show the hint of gauges, but no other reset hint, because those depend
// on the chunk.
func ReadHistograms(t testing.TB, dir string) map[string][]string {
	t.Helper()
	block, err := promtsdb.OpenBlock(Quiet, dir, nil, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, block.Close()) }()
	q, err := promtsdb.NewBlockQuerier(block, math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	return Lines(t, q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".*")), math.MinInt64)
}

// Lines returns a line for each sample of series from a time on, see ReadHistograms.
func Lines(t testing.TB, set storage.SeriesSet, from int64) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for set.Next() {
		key := set.At().Labels().String()
		it := set.At().Iterator(nil)
		for kind := it.Seek(from); kind != chunkenc.ValNone; kind = it.Next() {
			line := ""
			switch kind {
			case chunkenc.ValFloat:
				at, v := it.At()
				line = fmt.Sprintf("%d %x", at, math.Float64bits(v))
			case chunkenc.ValHistogram:
				at, h := it.AtHistogram(nil)
				line = fmt.Sprintf("%d %v gauge %v %x", at, h.Compact(0), h.CounterResetHint == histogram.GaugeType, math.Float64bits(h.Sum))
			case chunkenc.ValFloatHistogram:
				at, h := it.AtFloatHistogram(nil)
				line = fmt.Sprintf("%d float %v gauge %v %x", at, h.Compact(0), h.CounterResetHint == histogram.GaugeType, math.Float64bits(h.Sum))
			}
			found[key] = append(found[key], line)
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return found
}

// ToBlock writes the samples of a folder of blocks, or of a server, into a block. It
// expects that no sample is lost.
func ToBlock(t *testing.T, dir string) write.Block {
	t.Helper()
	report := &prom.Report{}
	r, err := read.Open(t.Context(), []string{dir}, read.Options{Report: report})
	require.NoError(t, err)
	b, _ := blocktest.NewBlocks(t, write.Options{Report: report})
	require.NoError(t, r.Samples(t.Context(), b))
	require.NoError(t, sinktest.Finish(b))
	require.NoError(t, r.Close())
	assert.Empty(t, report.Losses())
	require.Len(t, b.Written(), 1)
	return b.Written()[0]
}
