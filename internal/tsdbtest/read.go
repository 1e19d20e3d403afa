package tsdbtest

import (
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// Quiet is a logger that drops everything.
var Quiet = slog.New(slog.DiscardHandler)

// ReadBlocks verifies blocks and returns their content.
func ReadBlocks(t testing.TB, blocks []write.Block) blocktest.Content {
	t.Helper()
	all := blocktest.Content{}
	for _, b := range blocks {
		VerifyBlock(t, b)
		for series, points := range ReadBlock(t, b.Dir) {
			all[series] = append(all[series], points...)
		}
	}
	return all
}

// ReadBlock reads a block as a Prometheus server does.
func ReadBlock(t testing.TB, dir string) blocktest.Content {
	t.Helper()
	block, err := promtsdb.OpenBlock(Quiet, dir, nil, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, block.Close()) }()
	q, err := promtsdb.NewBlockQuerier(block, math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	found := blocktest.Content{}
	set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".*"))
	for set.Next() {
		found[set.At().Labels().String()] = readSeries(t, set.At())
	}
	require.NoError(t, set.Err())
	return found
}

func readSeries(t testing.TB, s storage.Series) []blocktest.Point {
	t.Helper()
	var points []blocktest.Point
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		require.Equal(t, chunkenc.ValFloat, kind)
		points = append(points, blocktest.At(it.At()))
	}
	require.NoError(t, it.Err())
	return points
}

// DecodeFile decodes a JSON file strictly.
func DecodeFile(t testing.TB, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into))
}
