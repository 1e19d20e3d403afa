package wal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"
)

// fill commits samples of many series with gaps and returns them.
func fill(t *testing.T, db *promtsdb.DB, from, rows int64) blocktest.Content {
	t.Helper()
	want := blocktest.Content{}
	rng := rand.New(rand.NewPCG(uint64(from), 4))
	var lsets [50]labels.Labels
	var keys [50]string
	for i := range lsets {
		lsets[i] = labels.FromStrings("__name__", fmt.Sprintf("m%d_total", i%5), "i", fmt.Sprint(i))
		keys[i] = lsets[i].String()
	}
	for row := range rows {
		app := db.AppenderV2(t.Context())
		for i := range lsets {
			if rng.IntN(10) == 0 {
				continue
			}
			now, v := from+row*15000+int64(i%3), rng.NormFloat64()
			if rng.IntN(20) == 0 {
				v = prom.StaleNaN
			}
			tsdbtest.Put(t, app, lsets[i], now, v)
			want[keys[i]] = append(want[keys[i]], blocktest.At(now, v))
		}
		require.NoError(t, app.Commit())
	}
	return want
}

func TestReadsLogAlone(t *testing.T) {
	for _, c := range compression.Types() {
		var want blocktest.Content
		dir := tsdbtest.KilledServer(t, func(o *promtsdb.Options) { o.WALCompression = c }, func(db *promtsdb.DB) { want = fill(t, db, blocktest.Noon, 1000) })
		before := tsdbtest.FileStates(t, dir)
		got := blocktest.Gather(t, read.Options{}, dir)
		assert.Equal(t, want, got.Content, c)
		assert.Empty(t, got.Damage)
		assert.Equal(t, before, tsdbtest.FileStates(t, dir))
	}
}

// TestReadsServerData has blocks, a checkpoint, segments and samples that came
// out of order.
func TestReadsServerData(t *testing.T) {
	var want blocktest.Content
	dir := tsdbtest.KilledServer(t, func(o *promtsdb.Options) {
		o.WALSegmentSize = 64 << 10
		o.OutOfOrderTimeWindow = 24 * blocktest.Hour
	}, func(db *promtsdb.DB) {
		want = fill(t, db, blocktest.Noon, 2000) // eight hours
		require.NoError(t, db.Compact(t.Context()))
		require.NotEmpty(t, db.Blocks())
		for n := range int64(300) {
			app := db.AppenderV2(t.Context())
			lset := labels.FromStrings("__name__", "late")
			for _, now := range []int64{blocktest.Noon + 8*blocktest.Hour + n*1000, blocktest.Noon + 7*blocktest.Hour - n*1000} {
				tsdbtest.Put(t, app, lset, now, float64(now))
				want[lset.String()] = append(want[lset.String()], blocktest.At(now, float64(now)))
			}
			require.NoError(t, app.Commit())
		}
	})
	require.NotEmpty(t, blocktest.Listing(t, filepath.Join(dir, "wbl")))
	checkpoints, err := filepath.Glob(filepath.Join(dir, "wal", "checkpoint.*"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Empty(t, got.Damage)
	require.Equal(t, len(want), len(got.Content))
	for series, points := range want {
		assert.ElementsMatch(t, points, got.Content[series], series)
	}
}

func TestLogKnowsMore(t *testing.T) {
	dir := tsdbtest.KilledServer(t, func(o *promtsdb.Options) {
		o.EnableExemplarStorage, o.MaxExemplars, o.EnableMetadataWALRecords = true, 100, true
	}, func(db *promtsdb.DB) {
		app := db.AppenderV2(t.Context())
		opts := storage.AppendV2Options{
			Metadata:  metadata.Metadata{Type: "counter", Unit: "seconds", Help: "how long\nit takes"},
			Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("id", "7"), Value: 1, Ts: blocktest.Noon}},
		}
		_, err := app.Append(0, labels.FromStrings("__name__", "x_seconds_total", "a", "1"), 0, blocktest.Noon, 1, nil, nil, opts)
		require.NoError(t, err)
		h := &histogram.Histogram{Count: 2, Sum: 3, ZeroCount: 2}
		for i, fh := range []*histogram.FloatHistogram{nil, h.ToFloat(nil)} {
			hist := h
			if fh != nil {
				hist = nil
			}
			_, err = app.Append(0, labels.FromStrings("__name__", fmt.Sprintf("h%d", i)), 0, blocktest.Noon, 0, hist, fh, storage.AppendV2Options{})
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
		app = db.AppenderV2(t.Context())
		gone := labels.FromStrings("__name__", "gone")
		for i := range int64(10) {
			tsdbtest.Put(t, app, gone, blocktest.Noon+i, 1)
		}
		require.NoError(t, app.Commit())
		require.NoError(t, db.Delete(t.Context(), blocktest.Noon+2, blocktest.Noon+7, labels.MustNewMatcher(labels.MatchEqual, "__name__", "gone")))
	})
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Empty(t, got.Damage)
	assert.Len(t, got.Content[`{__name__="gone"}`], 4)
	for _, s := range got.Series {
		if s != nil && s.Name == "x_seconds_total" {
			assert.Equal(t, &prom.Family{Name: "x_seconds_total", Type: prom.TypeCounter, Unit: "seconds", Help: "how long\nit takes"}, s.Family)
		}
	}
	assert.Contains(t, got.Report.Losses(), prom.LossCount{Loss: prom.LossExemplar, Name: "x_seconds_total", Count: 1})
	assert.Contains(t, got.Report.Losses(), prom.LossCount{Loss: prom.LossNativeHist, Name: "h0", Count: 1})
	assert.Contains(t, got.Report.Losses(), prom.LossCount{Loss: prom.LossNativeHist, Name: "h1", Count: 1})
}

// TestReadsTornLog cuts the only segment at every place near its end.
func TestReadsTornLog(t *testing.T) {
	var want blocktest.Content
	dir := tsdbtest.KilledServer(t, nil, func(db *promtsdb.DB) { want = fill(t, db, blocktest.Noon, 30) })
	path := filepath.Join(dir, "wal", "00000000")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	most := 0
	for _, points := range want {
		most += len(points)
	}
	last := most
	for cut := 0; cut < 2000; cut += 9 {
		require.NoError(t, os.WriteFile(path, whole[:len(whole)-cut], 0o666))
		got := blocktest.Gather(t, read.Options{}, dir)
		require.Empty(t, got.Damage, cut)
		n := 0
		for _, points := range got.Content {
			n += len(points)
		}
		require.LessOrEqual(t, n, last)
		last = n
	}
	assert.Less(t, last, most)
	assert.Positive(t, last)
}

// TestReadsSpoiltLog has damage in the middle, which costs the records of a page.
func TestReadsSpoiltLog(t *testing.T) {
	var want blocktest.Content
	dir := tsdbtest.KilledServer(t, nil, func(db *promtsdb.DB) { want = fill(t, db, blocktest.Noon, 300) })
	path := filepath.Join(dir, "wal", "00000000")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[40000] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o666))
	got := blocktest.Gather(t, read.Options{}, dir)
	require.NotEmpty(t, got.Damage)
	assert.Contains(t, got.Damage[0], "00000000: offset 3")
	lost := 0
	for series, points := range want {
		had := map[blocktest.Point]bool{}
		for _, p := range points {
			had[p] = true
		}
		for _, p := range got.Content[series] {
			require.True(t, had[p], "%s: %v was never there", series, p)
		}
		lost += len(points) - len(got.Content[series])
	}
	assert.Positive(t, lost)
	assert.Less(t, lost, 10_000)
}
