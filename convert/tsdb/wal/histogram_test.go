package wal_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// TestHistogramsFromLogToBlock reads native histograms of a write-ahead log: they
// are those of a block that Prometheus makes of the same.
func TestHistogramsFromLogToBlock(t *testing.T) {
	want := tsdbtest.ReadHistograms(t, tsdbtest.PromBlock(t, t.TempDir(), func(app storage.AppenderV2) { tsdbtest.FillHistograms(t, app) }))
	dir := tsdbtest.KilledServer(t, nil, func(db *promtsdb.DB) {
		app := db.AppenderV2(t.Context())
		tsdbtest.FillHistograms(t, app)
		require.NoError(t, app.Commit())
	})
	assert.Equal(t, want, tsdbtest.ReadHistograms(t, tsdbtest.ToBlock(t, dir).Dir))
}

// TestLateHistograms has native histograms of a log that came out of order, and
// twice.
func TestLateHistograms(t *testing.T) {
	dir := tsdbtest.KilledServer(t, func(o *promtsdb.Options) { o.OutOfOrderTimeWindow = 24 * blocktest.Hour }, func(db *promtsdb.DB) {
		for n := range int64(200) {
			app := db.AppenderV2(t.Context())
			for _, at := range []int64{blocktest.Noon + n*1000, blocktest.Noon - 1 - n*1000, blocktest.Noon + n*1000} {
				_, err := app.Append(0, labels.FromStrings("__name__", "h"), 0, at, 0, tsdbutil.GenerateTestHistogram(at%1000), nil, storage.AppendV2Options{})
				require.NoError(t, err)
			}
			require.NoError(t, app.Commit())
		}
	})
	require.NotEmpty(t, blocktest.Listing(t, filepath.Join(dir, "wbl")))
	report := &prom.Report{}
	r, err := read.Open(t.Context(), []string{dir}, read.Options{Report: report})
	require.NoError(t, err)
	times := &histogramTimes{}
	require.NoError(t, r.Samples(t.Context(), sinktest.Sink(times)))
	require.NoError(t, r.Close())
	assert.Empty(t, report.Losses())
	require.Len(t, *times, 400)
	for i, at := range *times {
		want := blocktest.Noon - 1 - int64(199-i)*1000
		if i >= 200 {
			want = blocktest.Noon + int64(i-200)*1000
		}
		require.Equal(t, want, at)
	}
}

// histogramTimes are the times of native histograms.
type histogramTimes []int64

func (*histogramTimes) Sample(*prom.Series, int64, float64) error { return nil }

func (h *histogramTimes) Histogram(s *prom.Series, t int64, _ []byte) error {
	if strings.HasPrefix(s.Name, "h") {
		*h = append(*h, t)
	}
	return nil
}
