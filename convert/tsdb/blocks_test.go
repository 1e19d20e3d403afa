package tsdb_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/sinktest"

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
	b, _ := newBlocks(t, write.Options{})
	s := newSeries(0, "odd", "a")
	var want []point
	for range 20 { // beyond one batch and one chunk
		for _, v := range oddValues {
			p := noon + int64(len(want))
			require.NoError(t, sinktest.Put(b, s, p, v))
			want = append(want, at(p, v))
		}
	}
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, content{promLabels(s).String(): want}, readBlocks(t, b.Written()))
}

func TestWindows(t *testing.T) {
	const day = 24 * hour
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
		{"two hours", 2 * time.Hour, []int64{hour, 2*hour - 1, 2 * hour, 5 * hour}, []window{{hour, 2 * hour}, {2 * hour, 2*hour + 1}, {5 * hour, 5*hour + 1}}},
		{"a millisecond", time.Millisecond, []int64{-1, 0, 1}, []window{{-1, 0}, {0, 1}, {1, 2}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			b, dir := newBlocks(t, write.Options{BlockRange: c.width})
			s := newSeries(0, "m", "a")
			var want []point
			for i, at := range c.times {
				require.NoError(t, sinktest.Put(b, s, at, float64(i)))
				want = append(want, point{at, math.Float64bits(float64(i))})
			}
			require.NoError(t, sinktest.Finish(b))
			var got []window
			for _, w := range b.Written() {
				got = append(got, window{w.MinTime, w.MaxTime})
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, content{promLabels(s).String(): want}, readBlocks(t, b.Written()))
			assert.ElementsMatch(t, names(b.Written()), listing(t, dir))
		})
	}
}

// TestSameMillisecond puts two values in one millisecond at every place of a
// batch and of a chunk.
func TestSameMillisecond(t *testing.T) {
	var report prom.Report
	b, _ := newBlocks(t, write.Options{Report: &report})
	s, other := newSeries(0, "m", "a"), newSeries(1, "m", "b")
	var want []point
	for i := range int64(130) {
		require.NoError(t, sinktest.Put(b, s, noon+i, -1))
		require.NoError(t, sinktest.Put(b, other, noon+i, 1))
		require.NoError(t, sinktest.Put(b, s, noon+i, float64(i)))
		want = append(want, at(noon+i, float64(i)))
	}
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, want, readBlocks(t, b.Written())[promLabels(s).String()])
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossSameTime, Name: "m", Count: 130}}, report.Losses())
}

func TestOrder(t *testing.T) {
	b, _ := newBlocks(t, write.Options{})
	s, late := newSeries(0, "m", "a"), newSeries(1, "m", "b")
	require.NoError(t, sinktest.Put(b, s, noon, 1))
	require.NoError(t, sinktest.Put(b, late, noon-hour, 2), "another series may be older within the window")

	var order *write.OrderError
	require.ErrorAs(t, sinktest.Put(b, s, noon-1, 3), &order)
	assert.Equal(t, write.OrderError{Series: `{__name__="m", instname="a"}`, Time: noon - 1, Last: noon}, *order)
	assert.EqualError(t, order, `{__name__="m", instname="a"}: sample at 2026-03-01T11:59:59.999Z`+
		` comes after a sample at 2026-03-01T12:00:00.000Z`)

	require.NoError(t, sinktest.Put(b, s, noon+12*hour, 4))
	require.ErrorAs(t, sinktest.Put(b, late, noon+12*hour-1, 5), &order)
	assert.True(t, order.Window)
	assert.EqualError(t, order, `{__name__="m", instname="b"}: sample at 2026-03-01T23:59:59.999Z`+
		` comes after the block that starts at 2026-03-02T00:00:00.000Z`)

	require.NoError(t, sinktest.Put(b, late, noon+13*hour, 6), "an OrderError ends nothing")
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, content{
		promLabels(s).String():    {at(noon, 1), at(noon+12*hour, 4)},
		promLabels(late).String(): {at(noon-hour, 2), at(noon+13*hour, 6)},
	}, readBlocks(t, b.Written()))
}

// TestLikeBlockWriter gives the same samples to Prometheus' own writer.
func TestLikeBlockWriter(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 0))
		b, dir := newBlocks(t, write.Options{})
		theirs, err := promtsdb.NewBlockWriter(quiet, filepath.Join(filepath.Dir(dir), "theirs"), 48*hour)
		require.NoError(t, err)
		app := theirs.AppenderV2(t.Context())
		want := content{}
		all := manySeries(200)
		keys, lsets := keysOf(all), make([]labels.Labels, len(all))
		for i, s := range all {
			lsets[i] = promLabels(s)
		}
		for row := range int64(500) {
			for _, s := range all {
				if rng.IntN(20) == 0 {
					continue
				}
				now, v := noon+row*15000+rng.Int64N(int64(1+20*seed)), generated(rng, s.ID, row)
				_, err := app.Append(0, lsets[s.ID], 0, now, v, nil, nil, storage.AOptions{})
				if err = errors.Join(err, sinktest.Put(b, s, now, v)); err != nil {
					t.Fatal(err)
				}
				want[keys[s.ID]] = append(want[keys[s.ID]], at(now, v))
			}
		}
		require.NoError(t, app.Commit())
		id, err := theirs.Flush(t.Context())
		require.NoError(t, err)
		require.NoError(t, sinktest.Finish(b))
		require.Len(t, b.Written(), 1)

		ours := b.Written()[0]
		require.Equal(t, want, readBlocks(t, b.Written()))
		their := filepath.Join(filepath.Dir(dir), "theirs", id.String())
		require.Equal(t, want, readBlock(t, their))
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
	decodeFile(t, filepath.Join(theirs, "meta.json"), &m)
	require.Equal(t,
		[]any{m.MinTime, m.MaxTime, m.Stats.NumSeries, m.Stats.NumSamples, m.Stats.NumFloatSamples},
		[]any{ours.MinTime, ours.MaxTime, ours.Series, ours.Samples, ours.Samples})
}

// compareIndex compares what two blocks answer on labels.
func compareIndex(t *testing.T, ours, theirs string) {
	t.Helper()
	var answers [2]map[string][]string
	for i, dir := range []string{ours, theirs} {
		block, err := promtsdb.OpenBlock(quiet, dir, nil, nil)
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
