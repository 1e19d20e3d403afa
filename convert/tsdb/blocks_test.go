package tsdb_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// oddValues are those that a conversion could bend.
var oddValues = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.1, math.MaxFloat64, -math.MaxFloat64,
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.Float64frombits(0x000fffffffffffff),
	math.Inf(1), math.Inf(-1), math.NaN(), prom.StaleNaN,
	math.Float64frombits(0x7ff0000000000001), math.Float64frombits(0xfff8000000000000),
	math.Float64frombits(0x7ff8000000000001), 1 << 53, 1<<64 - 1<<11,
}

func TestValuesKeepTheirBits(t *testing.T) {
	b, _ := blocktest.NewBlocks(t, write.Options{})
	s := blocktest.NewSeries(0, "odd", "a")
	var want []blocktest.Point
	for range 20 { // beyond one batch and one chunk
		for _, v := range oddValues {
			p := blocktest.Noon + int64(len(want))
			require.NoError(t, sinktest.Put(b, s, p, v))
			want = append(want, blocktest.At(p, v))
		}
	}
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, blocktest.Content{blocktest.Labels(s).String(): want}, tsdbtest.ReadBlocks(t, b.Written()))
}

func TestWindows(t *testing.T) {
	const day = 24 * blocktest.Hour
	type window struct{ mint, maxt int64 }
	for _, c := range []struct {
		what  string
		width time.Duration
		times []int64
		want  []window
	}{
		{"inside a day", 0, []int64{0, 1, day - 1}, []window{{0, day}}},
		{"the first of the next day", 0, []int64{day - 1, day}, []window{{day - 1, day}, {day, day + 1}}},
		{"around 1970", 0, []int64{-1, 0}, []window{{-1, 0}, {0, 1}}},
		{"before 1970", 0, []int64{-day - 1, -day, -1}, []window{{-day - 1, -day}, {-day, 0}}},
		{"empty windows", 0, []int64{0, 10*day + 5}, []window{{0, 1}, {10*day + 5, 10*day + 6}}},
		{"two hours", 2 * time.Hour, []int64{blocktest.Hour, 2*blocktest.Hour - 1, 2 * blocktest.Hour, 5 * blocktest.Hour}, []window{{blocktest.Hour, 2 * blocktest.Hour}, {2 * blocktest.Hour, 2*blocktest.Hour + 1}, {5 * blocktest.Hour, 5*blocktest.Hour + 1}}},
		{"a millisecond", time.Millisecond, []int64{-1, 0, 1}, []window{{-1, 0}, {0, 1}, {1, 2}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			b, dir := blocktest.NewBlocks(t, write.Options{BlockRange: c.width})
			s := blocktest.NewSeries(0, "m", "a")
			var want []blocktest.Point
			for i, at := range c.times {
				require.NoError(t, sinktest.Put(b, s, at, float64(i)))
				want = append(want, blocktest.Point{T: at, Bits: math.Float64bits(float64(i))})
			}
			require.NoError(t, sinktest.Finish(b))
			var got []window
			for _, w := range b.Written() {
				got = append(got, window{w.MinTime, w.MaxTime})
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, blocktest.Content{blocktest.Labels(s).String(): want}, tsdbtest.ReadBlocks(t, b.Written()))
			assert.ElementsMatch(t, names(b.Written()), blocktest.Listing(t, dir))
		})
	}
}

// TestSameMillisecond puts two values in one millisecond at every place of a
// batch and of a chunk.
func TestSameMillisecond(t *testing.T) {
	var report prom.Report
	b, _ := blocktest.NewBlocks(t, write.Options{Report: &report})
	s, other := blocktest.NewSeries(0, "m", "a"), blocktest.NewSeries(1, "m", "b")
	var want []blocktest.Point
	for i := range int64(130) {
		require.NoError(t, sinktest.Put(b, s, blocktest.Noon+i, -1))
		require.NoError(t, sinktest.Put(b, other, blocktest.Noon+i, 1))
		require.NoError(t, sinktest.Put(b, s, blocktest.Noon+i, float64(i)))
		want = append(want, blocktest.At(blocktest.Noon+i, float64(i)))
	}
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, want, tsdbtest.ReadBlocks(t, b.Written())[blocktest.Labels(s).String()])
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossSameTime, Name: "m", Count: 130}}, report.Losses())
}

func TestOrder(t *testing.T) {
	b, _ := blocktest.NewBlocks(t, write.Options{})
	s, late := blocktest.NewSeries(0, "m", "a"), blocktest.NewSeries(1, "m", "b")
	require.NoError(t, sinktest.Put(b, s, blocktest.Noon, 1))
	require.NoError(t, sinktest.Put(b, late, blocktest.Noon-blocktest.Hour, 2), "another series may be older within the window")

	var order *write.OrderError
	require.ErrorAs(t, sinktest.Put(b, s, blocktest.Noon-1, 3), &order)
	assert.Equal(t, write.OrderError{Series: `{__name__="m", instname="a"}`, Time: blocktest.Noon - 1, Last: blocktest.Noon}, *order)
	assert.EqualError(t, order, `{__name__="m", instname="a"}: sample at 2026-03-01T11:59:59.999Z`+
		` comes after a sample at 2026-03-01T12:00:00.000Z`)

	require.NoError(t, sinktest.Put(b, s, blocktest.Noon+12*blocktest.Hour, 4))
	require.ErrorAs(t, sinktest.Put(b, late, blocktest.Noon+12*blocktest.Hour-1, 5), &order)
	assert.True(t, order.Window)
	assert.EqualError(t, order, `{__name__="m", instname="b"}: sample at 2026-03-01T23:59:59.999Z`+
		` comes after the block that starts at 2026-03-02T00:00:00.000Z`)

	require.NoError(t, sinktest.Put(b, late, blocktest.Noon+13*blocktest.Hour, 6), "an OrderError ends nothing")
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, blocktest.Content{
		blocktest.Labels(s).String():    {blocktest.At(blocktest.Noon, 1), blocktest.At(blocktest.Noon+12*blocktest.Hour, 4)},
		blocktest.Labels(late).String(): {blocktest.At(blocktest.Noon-blocktest.Hour, 2), blocktest.At(blocktest.Noon+13*blocktest.Hour, 6)},
	}, tsdbtest.ReadBlocks(t, b.Written()))
}

// TestLikeBlockWriter gives the same samples to Prometheus' own writer.
func TestLikeBlockWriter(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 0))
		b, dir := blocktest.NewBlocks(t, write.Options{})
		theirs, err := promtsdb.NewBlockWriter(tsdbtest.Quiet, filepath.Join(filepath.Dir(dir), "theirs"), 48*blocktest.Hour)
		require.NoError(t, err)
		app := theirs.AppenderV2(t.Context())
		want := blocktest.Content{}
		all := blocktest.ManySeries(200)
		keys, lsets := keysOf(all), make([]labels.Labels, len(all))
		for i, s := range all {
			lsets[i] = blocktest.Labels(s)
		}
		for row := range int64(500) {
			for _, s := range all {
				if rng.IntN(20) == 0 {
					continue
				}
				now, v := blocktest.Noon+row*15000+rng.Int64N(int64(1+20*seed)), generated(rng, s.ID, row)
				_, err := app.Append(0, lsets[s.ID], 0, now, v, nil, nil, storage.AOptions{})
				if err = errors.Join(err, sinktest.Put(b, s, now, v)); err != nil {
					t.Fatal(err)
				}
				want[keys[s.ID]] = append(want[keys[s.ID]], blocktest.At(now, v))
			}
		}
		require.NoError(t, app.Commit())
		id, err := theirs.Flush(t.Context())
		require.NoError(t, err)
		require.NoError(t, sinktest.Finish(b))
		require.Len(t, b.Written(), 1)

		ours := b.Written()[0]
		require.Equal(t, want, tsdbtest.ReadBlocks(t, b.Written()))
		their := filepath.Join(filepath.Dir(dir), "theirs", id.String())
		require.Equal(t, want, tsdbtest.ReadBlock(t, their))
		compareMeta(t, ours, their)
		compareIndex(t, ours.Dir, their)
		require.NoError(t, theirs.Close())
	}
}

// generated returns a value of a constant, a counter, a fraction or any kind.
func generated(rng *rand.Rand, id int, row int64) float64 {
	switch id % 4 {
	case 0:
		return float64(id)
	case 1:
		return float64(row*int64(id) + rng.Int64N(3))
	case 2:
		return rng.Float64()
	}
	if rng.IntN(3) == 0 {
		return oddValues[rng.IntN(len(oddValues))]
	}
	return math.Float64frombits(rng.Uint64())
}

func compareMeta(t *testing.T, ours write.Block, theirs string) {
	t.Helper()
	var m promtsdb.BlockMeta
	tsdbtest.DecodeFile(t, filepath.Join(theirs, "meta.json"), &m)
	require.Equal(t,
		[]any{m.MinTime, m.MaxTime, m.Stats.NumSeries, m.Stats.NumSamples, m.Stats.NumFloatSamples},
		[]any{ours.MinTime, ours.MaxTime, ours.Series, ours.Samples, ours.Samples})
}

// compareIndex compares what two blocks answer on labels.
func compareIndex(t *testing.T, ours, theirs string) {
	t.Helper()
	var answers [2]map[string][]string
	for i, dir := range []string{ours, theirs} {
		block, err := promtsdb.OpenBlock(tsdbtest.Quiet, dir, nil, nil)
		require.NoError(t, err)
		q, err := promtsdb.NewBlockQuerier(block, math.MinInt64, math.MaxInt64)
		require.NoError(t, err)
		found := map[string][]string{}
		all, _, err := q.LabelNames(t.Context(), nil)
		require.NoError(t, err)
		for _, name := range all {
			values, _, err := q.LabelValues(t.Context(), name, nil)
			require.NoError(t, err)
			for _, v := range values { // which are the block's own memory
				found[strings.Clone(name)] = append(found[strings.Clone(name)], strings.Clone(v))
			}
		}
		set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "host", "host003.example.com"))
		for set.Next() {
			found["host=host003"] = append(found["host=host003"], set.At().Labels().String())
		}
		answers[i] = found
		require.NoError(t, q.Close())
		require.NoError(t, block.Close())
	}
	require.Len(t, answers[0]["host=host003"], 50)
	require.Equal(t, answers[1], answers[0])
}
