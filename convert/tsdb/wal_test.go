package tsdb_test

import (
	"fmt"
	"io/fs"
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
)

// server has Prometheus' database in a folder, which is left as a server that
// is killed leaves it.
func server(t *testing.T, change func(*promtsdb.Options), use func(*promtsdb.DB)) string {
	t.Helper()
	dir := t.TempDir()
	o := promtsdb.DefaultOptions()
	o.RetentionDuration = 0
	if change != nil {
		change(o)
	}
	db, err := promtsdb.Open(dir, quiet, nil, o, nil)
	require.NoError(t, err)
	db.DisableCompactions()
	use(db)
	killed := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
	require.NoError(t, db.Close())
	return killed
}

// state returns the names, sizes and times of all files in a folder.
func state(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		all[path] = fmt.Sprint(info.Size(), info.ModTime())
		return err
	}))
	return all
}

// fill commits samples of many series with gaps and returns them.
func fill(t *testing.T, db *promtsdb.DB, from, rows int64) content {
	t.Helper()
	want := content{}
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
			put(t, app, lsets[i], now, v)
			want[keys[i]] = append(want[keys[i]], at(now, v))
		}
		require.NoError(t, app.Commit())
	}
	return want
}

func TestReadsLogAlone(t *testing.T) {
	for _, c := range compression.Types() {
		var want content
		dir := server(t, func(o *promtsdb.Options) { o.WALCompression = c }, func(db *promtsdb.DB) { want = fill(t, db, noon, 1000) })
		before := state(t, dir)
		got := gather(t, read.Options{}, dir)
		assert.Equal(t, want, got.content, c)
		assert.Empty(t, got.damage)
		assert.Equal(t, before, state(t, dir))
	}
}

// TestReadsServerData has blocks, a checkpoint, segments and samples that came
// out of order.
func TestReadsServerData(t *testing.T) {
	var want content
	dir := server(t, func(o *promtsdb.Options) {
		o.WALSegmentSize = 64 << 10
		o.OutOfOrderTimeWindow = 24 * hour
	}, func(db *promtsdb.DB) {
		want = fill(t, db, noon, 2000) // eight hours
		require.NoError(t, db.Compact(t.Context()))
		require.NotEmpty(t, db.Blocks())
		for n := range int64(300) {
			app := db.AppenderV2(t.Context())
			lset := labels.FromStrings("__name__", "late")
			for _, now := range []int64{noon + 8*hour + n*1000, noon + 7*hour - n*1000} {
				put(t, app, lset, now, float64(now))
				want[lset.String()] = append(want[lset.String()], at(now, float64(now)))
			}
			require.NoError(t, app.Commit())
		}
	})
	require.NotEmpty(t, listing(t, filepath.Join(dir, "wbl")))
	checkpoints, err := filepath.Glob(filepath.Join(dir, "wal", "checkpoint.*"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	got := gather(t, read.Options{}, dir)
	assert.Empty(t, got.damage)
	require.Equal(t, len(want), len(got.content))
	for series, points := range want {
		assert.ElementsMatch(t, points, got.content[series], series)
	}
}

func TestLogKnowsMore(t *testing.T) {
	dir := server(t, func(o *promtsdb.Options) {
		o.EnableExemplarStorage, o.MaxExemplars, o.EnableMetadataWALRecords = true, 100, true
	}, func(db *promtsdb.DB) {
		app := db.AppenderV2(t.Context())
		opts := storage.AppendV2Options{
			Metadata:  metadata.Metadata{Type: "counter", Unit: "seconds", Help: "how long\nit takes"},
			Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("id", "7"), Value: 1, Ts: noon}},
		}
		_, err := app.Append(0, labels.FromStrings("__name__", "x_seconds_total", "a", "1"), 0, noon, 1, nil, nil, opts)
		require.NoError(t, err)
		h := &histogram.Histogram{Count: 2, Sum: 3, ZeroCount: 2}
		for i, fh := range []*histogram.FloatHistogram{nil, h.ToFloat(nil)} {
			hist := h
			if fh != nil {
				hist = nil
			}
			_, err = app.Append(0, labels.FromStrings("__name__", fmt.Sprintf("h%d", i)), 0, noon, 0, hist, fh, storage.AppendV2Options{})
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
		app = db.AppenderV2(t.Context())
		gone := labels.FromStrings("__name__", "gone")
		for i := range int64(10) {
			put(t, app, gone, noon+i, 1)
		}
		require.NoError(t, app.Commit())
		require.NoError(t, db.Delete(t.Context(), noon+2, noon+7, labels.MustNewMatcher(labels.MatchEqual, "__name__", "gone")))
	})
	got := gather(t, read.Options{}, dir)
	assert.Empty(t, got.damage)
	assert.Len(t, got.content[`{__name__="gone"}`], 4)
	for _, s := range got.series {
		if s != nil && s.Name == "x_seconds_total" {
			assert.Equal(t, &prom.Family{Name: "x_seconds_total", Type: prom.TypeCounter, Unit: "seconds", Help: "how long\nit takes"}, s.Family)
		}
	}
	assert.Contains(t, got.report.Losses(), prom.LossCount{Loss: prom.LossExemplar, Name: "x_seconds_total", Count: 1})
	assert.Contains(t, got.report.Losses(), prom.LossCount{Loss: prom.LossNativeHist, Name: "h0", Count: 1})
	assert.Contains(t, got.report.Losses(), prom.LossCount{Loss: prom.LossNativeHist, Name: "h1", Count: 1})
}

// TestReadsTornLog cuts the only segment at every place near its end.
func TestReadsTornLog(t *testing.T) {
	var want content
	dir := server(t, nil, func(db *promtsdb.DB) { want = fill(t, db, noon, 30) })
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
		got := gather(t, read.Options{}, dir)
		require.Empty(t, got.damage, cut)
		n := 0
		for _, points := range got.content {
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
	var want content
	dir := server(t, nil, func(db *promtsdb.DB) { want = fill(t, db, noon, 300) })
	path := filepath.Join(dir, "wal", "00000000")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[40000] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o666))
	got := gather(t, read.Options{}, dir)
	require.NotEmpty(t, got.damage)
	assert.Contains(t, got.damage[0], "00000000: offset 3")
	lost := 0
	for series, points := range want {
		had := map[point]bool{}
		for _, p := range points {
			had[p] = true
		}
		for _, p := range got.content[series] {
			require.True(t, had[p], "%s: %v was never there", series, p)
		}
		lost += len(points) - len(got.content[series])
	}
	assert.Positive(t, lost)
	assert.Less(t, lost, 10_000)
}
