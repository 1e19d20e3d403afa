package tsdb_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

const hour = int64(time.Hour / time.Millisecond)

// noon is a time in the middle of a default window.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()

var quiet = slog.New(slog.DiscardHandler)

// point is a sample as its bits, which tell NaNs and zeros apart.
type point struct {
	t    int64
	bits uint64
}

func at(t int64, v float64) point { return point{t, math.Float64bits(v)} }

// content is what blocks hold, by the series' text.
type content map[string][]point

// newSeries returns a series with one label.
func newSeries(id int, name, instance string) *prom.Series {
	return &prom.Series{
		ID: id, Name: name, Labels: []prom.Label{{Name: "instname", Value: instance}},
		Family: &prom.Family{Name: name, Type: prom.TypeGauge},
	}
}

func promLabels(s *prom.Series) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set(model.MetricNameLabel, s.Name)
	for _, l := range s.Labels {
		b.Set(l.Name, l.Value)
	}
	return b.Labels()
}

// manySeries returns series of fifty names and three labels.
func manySeries(n int) []*prom.Series {
	all := make([]*prom.Series, n)
	for i := range all {
		all[i] = &prom.Series{
			ID: i, Name: fmt.Sprintf("metric_%02d_total", i%50),
			Labels: []prom.Label{
				{Name: "host", Value: fmt.Sprintf("host%03d.example.com", i/50%100)},
				{Name: "instname", Value: fmt.Sprintf("cpu%d", i/5000)},
				{Name: "job", Value: "pcp"},
			},
		}
	}
	return all
}

// keysOf returns the text of series, which is slow to make for each sample.
func keysOf(all []*prom.Series) []string {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = promLabels(s).String()
	}
	return keys
}

func newBlocks(t testing.TB, o write.Options) (*write.Blocks, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	b, err := write.NewBlocks(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b, dir
}

// readBlocks returns the content of blocks, having verified each of them.
func readBlocks(t testing.TB, blocks []write.Block) content {
	t.Helper()
	all := content{}
	for _, b := range blocks {
		verifyBlock(t, b)
		for series, points := range readBlock(t, b.Dir) {
			all[series] = append(all[series], points...)
		}
	}
	return all
}

// readBlock reads a block as a Prometheus server does.
func readBlock(t testing.TB, dir string) content {
	t.Helper()
	block, err := promtsdb.OpenBlock(quiet, dir, nil, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, block.Close()) }()
	q, err := promtsdb.NewBlockQuerier(block, math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	found := content{}
	set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".*"))
	for set.Next() {
		found[set.At().Labels().String()] = readSeries(t, set.At())
	}
	require.NoError(t, set.Err())
	return found
}

func readSeries(t testing.TB, s storage.Series) []point {
	t.Helper()
	var points []point
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		require.Equal(t, chunkenc.ValFloat, kind)
		points = append(points, at(it.At()))
	}
	require.NoError(t, it.Err())
	return points
}

// listing returns the names in a folder.
func listing(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// names returns the folders' names of blocks.
func names(blocks []write.Block) []string {
	list := []string{}
	for _, b := range blocks {
		list = append(list, filepath.Base(b.Dir))
	}
	return list
}

func decodeFile(t testing.TB, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into))
}
