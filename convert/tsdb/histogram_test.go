package tsdb_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// fillHistograms gives an appender series of every kind of native histogram:
// growing layouts, resets, gauges, custom buckets, floats, and turns between
// kinds and numbers.
func fillHistograms(t testing.TB, app storage.AppenderV2) {
	add := func(name string, i int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
		_, err := app.Append(0, labels.FromStrings("__name__", name, "job", "j"), 0, noon+i*15_000, v, h, fh, storage.AppendV2Options{})
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

// readHistograms reads a block as a Prometheus server does, one line per sample.
// Reset hints are a chunk's business, but that a gauge is one is the sample's.
func readHistograms(t testing.TB, dir string) map[string][]string {
	t.Helper()
	block, err := promtsdb.OpenBlock(quiet, dir, nil, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, block.Close()) }()
	q, err := promtsdb.NewBlockQuerier(block, math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	found := map[string][]string{}
	set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".*"))
	for set.Next() {
		key := set.At().Labels().String()
		it := set.At().Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
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

// toBlock writes what a folder of blocks or a server has into a block, without a
// loss.
func toBlock(t *testing.T, dir string) write.Block {
	t.Helper()
	report := &prom.Report{}
	r, err := read.Open(t.Context(), []string{dir}, read.Options{Report: report})
	require.NoError(t, err)
	b, _ := newBlocks(t, write.Options{Report: report})
	require.NoError(t, r.Samples(t.Context(), b))
	require.NoError(t, sinktest.Finish(b))
	require.NoError(t, r.Close())
	assert.Empty(t, report.Losses())
	require.Len(t, b.Written(), 1)
	return b.Written()[0]
}

func TestHistogramsFromBlockToBlock(t *testing.T) {
	theirs := theirBlock(t, t.TempDir(), func(app storage.AppenderV2) { fillHistograms(t, app) })
	want := readHistograms(t, theirs)
	require.Len(t, want, 6)
	block := toBlock(t, theirs)
	assert.Equal(t, want, readHistograms(t, block.Dir))
	assert.NotZero(t, block.Histograms)
	assert.Less(t, block.Histograms, block.Samples)
}

func TestHistogramsThroughAnArchive(t *testing.T) {
	theirs := theirBlock(t, t.TempDir(), func(app storage.AppenderV2) { fillHistograms(t, app) })
	report := &prom.Report{}
	r, err := read.Open(t.Context(), []string{theirs}, read.Options{Report: report})
	require.NoError(t, err)
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	base := filepath.Join(t.TempDir(), "a")
	w, err := archive.Create(base, archive.Header{Host: "h", PID: 1}, nil)
	require.NoError(t, err)
	a := assemble.New(convert.NewToArchive(w), mapper, assemble.Options{Report: report})
	require.NoError(t, r.Samples(t.Context(), a))
	require.NoError(t, sinktest.Finish(a))
	require.NoError(t, r.Close())

	ar, err := archive.Open(base, nil)
	require.NoError(t, err)
	b, _ := newBlocks(t, write.Options{Report: report})
	f := flatten.New(b, flatten.Options{TargetLabels: true, Report: report})
	require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(ar, history.Query{})))
	require.NoError(t, sinktest.Finish(b))
	assert.Empty(t, report.Losses())
	require.Len(t, b.Written(), 1)
	assert.Equal(t, readHistograms(t, theirs), readHistograms(t, b.Written()[0].Dir))
}

func TestHistogramOrder(t *testing.T) {
	report := &prom.Report{}
	b, _ := newBlocks(t, write.Options{Report: report})
	s := newSeries(0, "h", "x")
	data, err := nativehist.Encode(tsdbutil.GenerateTestHistogram(1), nil)
	require.NoError(t, err)
	var order *write.OrderError
	require.NoError(t, sinktest.PutHistogram(b, s, noon, data))
	require.ErrorAs(t, sinktest.PutHistogram(b, s, noon-1, data), &order)
	require.ErrorAs(t, sinktest.Put(b, s, noon-1, 1), &order)
	require.NoError(t, sinktest.PutHistogram(b, s, noon, data))
	require.NoError(t, sinktest.Put(b, s, noon, 1))
	require.NoError(t, sinktest.Put(b, s, noon+1, 1))
	require.NoError(t, sinktest.PutHistogram(b, s, noon+1, data))
	require.ErrorAs(t, sinktest.PutHistogram(b, s, noon, data), &order)
	require.NoError(t, sinktest.PutHistogram(b, s, noon+2, []byte("damaged")))
	assert.Equal(t, []prom.LossCount{
		{Loss: prom.LossSameTime, Name: "h", Count: 3}, {Loss: prom.LossUndecodable, Name: "h", Count: 1},
	}, report.Losses())
	require.NoError(t, sinktest.Finish(b))
	got := readHistograms(t, b.Written()[0].Dir)
	require.Len(t, got, 1)
	for _, lines := range got {
		assert.Len(t, lines, 2)
	}
}
