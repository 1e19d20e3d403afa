package wal_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// exemplary has the exemplars of series, each with the time of the sample that it
// came behind.
type exemplary struct {
	t    *testing.T
	last map[*prom.Series]int64
	got  map[string][]prom.Sample
}

func (x *exemplary) Sample(s *prom.Series, t int64, _ float64) error {
	x.last[s] = t
	return nil
}

func (x *exemplary) Histogram(s *prom.Series, t int64, _ []byte) error {
	return x.Sample(s, t, 0)
}

func (x *exemplary) Exemplar(s *prom.Series, t int64, e prom.Exemplar) error {
	require.Equal(x.t, x.last[s], t, "it follows its sample")
	name := blocktest.Labels(s).String()
	x.got[name] = append(x.got[name], prom.Sample{T: t, Exemplar: &e})
	return nil
}

// readExemplars reads a folder.
func readExemplars(t *testing.T, dir string, o read.Options) map[string][]prom.Sample {
	t.Helper()
	x := &exemplary{t: t, last: map[*prom.Series]int64{}, got: map[string][]prom.Sample{}}
	r, err := read.Open(t.Context(), []string{dir}, o)
	require.NoError(t, err)
	require.NoError(t, r.Samples(t.Context(), sinktest.Sink(x)))
	require.NoError(t, r.Close())
	return x.got
}

// fillExemplars commits scrapes of a counter with exemplars of own and of the
// scrape's time, and of a native histogram with two at a time. It returns them by
// series.
func fillExemplars(t *testing.T, db *promtsdb.DB, from int64, scrapes int) map[string][]prom.Sample {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(from), 8))
	want := map[string][]prom.Sample{}
	for n := range int64(scrapes) {
		app := db.AppenderV2(t.Context())
		now := from + n*15_000
		for i := range 6 {
			lset := labels.FromStrings("__name__", "x_total", "i", fmt.Sprint(i))
			var h *histogram.Histogram
			if i == 5 {
				lset, h = labels.FromStrings("__name__", "x_seconds"), tsdbutil.GenerateTestHistogram(n)
			}
			var o storage.AppendV2Options
			for k := range rng.IntN(3) {
				if k > 0 && h == nil {
					break
				}
				id := fmt.Sprintf("%032x", rng.Uint64())
				e := prom.Exemplar{Labels: []prom.Label{{Name: "span", Value: "s"}, {Name: "trace_id", Value: id}}, Value: rng.Float64(), Time: now - 9000 + int64(k)*100}
				if e.HasTime = h != nil || i%2 == 0; !e.HasTime {
					e.Time = now
				}
				o.Exemplars = append(o.Exemplars, exemplar.Exemplar{Labels: labels.FromStrings("trace_id", id, "span", "s"), Value: e.Value, Ts: e.Time, HasTs: true})
				want[lset.String()] = append(want[lset.String()], prom.Sample{T: now, Exemplar: &e})
			}
			_, err := app.Append(0, lset, 0, now, float64(n), h, nil, o)
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
	}
	return want
}

func withExemplars(o *promtsdb.Options) {
	o.EnableExemplarStorage, o.MaxExemplars = true, 100_000
	o.WALSegmentSize = 64 << 10
}

// TestExemplarsOfLog reads exemplars behind the samples that they came with,
// however little memory there is.
func TestExemplarsOfLog(t *testing.T) {
	var want map[string][]prom.Sample
	dir := tsdbtest.KilledServer(t, withExemplars, func(db *promtsdb.DB) { want = fillExemplars(t, db, blocktest.Noon, 500) })
	require.Len(t, want, 6)
	for _, memory := range []int64{0, 1 << 14} {
		report := &prom.Report{}
		assert.Equal(t, want, readExemplars(t, dir, read.Options{Memory: memory, Report: report}))
		assert.Empty(t, report.Losses())
	}
	// A part of the time.
	got := readExemplars(t, dir, read.Options{Start: blocktest.Noon + 30_000, End: blocktest.Noon + 60_000, Match: []string{"x_seconds"}})
	var part []prom.Sample
	for _, e := range want["{__name__=\"x_seconds\"}"] {
		if e.T >= blocktest.Noon+30_000 && e.T <= blocktest.Noon+60_000 {
			part = append(part, e)
		}
	}
	assert.Equal(t, map[string][]prom.Sample{"{__name__=\"x_seconds\"}": part}, got)
}

// TestExemplarsOfCheckpoint has a log whose beginning is in a block and a
// checkpoint, and samples that were deleted.
func TestExemplarsOfCheckpoint(t *testing.T) {
	var want map[string][]prom.Sample
	dir := tsdbtest.KilledServer(t, withExemplars, func(db *promtsdb.DB) {
		want = fillExemplars(t, db, blocktest.Noon, 2000) // eight hours
		require.NoError(t, db.Compact(t.Context()))
		require.NotEmpty(t, db.Blocks())
		require.NoError(t, db.Delete(t.Context(), blocktest.Noon+8*blocktest.Hour-600_000, blocktest.Noon+9*blocktest.Hour, labels.MustNewMatcher(labels.MatchEqual, "i", "0")))
	})
	checkpoints, err := filepath.Glob(filepath.Join(dir, "wal", "checkpoint.*"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	report := &prom.Report{}
	got := readExemplars(t, dir, read.Options{Report: report})
	assert.Len(t, got, len(want))
	for series, all := range got {
		n := len(want[series])
		if series == `{__name__="x_total", i="0"}` {
			require.Less(t, all[len(all)-1].T, blocktest.Noon+8*blocktest.Hour-600_000)
			n = len(all)
			for want[series][n-1].T != all[len(all)-1].T {
				n++
			}
		}
		assert.Equal(t, want[series][n-len(all):n], all, "the newest of %s", series)
	}
	for _, l := range report.Losses() { // of samples that are in a block alone
		assert.Equal(t, prom.LossExemplar, l.Loss)
	}
}
