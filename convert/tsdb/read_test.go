package tsdb_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

func TestReadsOurBlocks(t *testing.T) {
	_, dir, _, _ := blocktest.OverMidnight(t)
	got := blocktest.Gather(t, read.Options{}, dir)
	want := blocktest.Content{}
	for _, name := range blocktest.Listing(t, dir) {
		for series, points := range tsdbtest.ReadBlock(t, filepath.Join(dir, name)) {
			want[series] = append(want[series], points...)
		}
	}
	assert.Equal(t, want, got.Content)
	assert.Empty(t, got.Damage)
	assert.Empty(t, got.Report.Losses())

	both := blocktest.Gather(t, read.Options{}, filepath.Join(dir, blocktest.Listing(t, dir)[1]), filepath.Join(dir, blocktest.Listing(t, dir)[0]))
	assert.Equal(t, want, both.Content, "blocks in any order")
}

// TestReadsTheirBlocks has series with times of their own, that begin and end
// anywhere, and gaps of days.
func TestReadsTheirBlocks(t *testing.T) {
	want := blocktest.Content{}
	dir := t.TempDir()
	tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range 200 {
			lset := labels.FromStrings("__name__", fmt.Sprintf("m%d", i%7), "i", fmt.Sprint(i))
			now := blocktest.Noon + rng.Int64N(100*blocktest.Hour)
			for range rng.IntN(400) {
				now += 1 + rng.Int64N(1<<rng.IntN(24))
				v := math.Float64frombits(rng.Uint64())
				tsdbtest.Put(t, app, lset, now, v)
				want[lset.String()] = append(want[lset.String()], blocktest.At(now, v))
			}
		}
	})
	for _, memory := range []int64{0, 1 << 20, 1 << 10, 1} {
		got := blocktest.Gather(t, read.Options{Memory: memory}, dir)
		assert.Equal(t, want, got.Content, memory)
		assert.Empty(t, got.Damage)
	}
}

func TestReadMergesOverlappingBlocks(t *testing.T) {
	dir := t.TempDir()
	want := blocktest.Content{}
	a, b := labels.FromStrings("__name__", "a"), labels.FromStrings("__name__", "b")
	for block := range int64(3) {
		tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) {
			for i := block * 100; i < block*100+200; i++ {
				tsdbtest.Put(t, app, a, blocktest.Noon+i*1000, float64(i))
			}
			tsdbtest.Put(t, app, b, blocktest.Noon+block, float64(block))
		})
		want[b.String()] = append(want[b.String()], blocktest.At(blocktest.Noon+block, float64(block)))
	}
	for i := range int64(400) {
		want[a.String()] = append(want[a.String()], blocktest.At(blocktest.Noon+i*1000, float64(i)))
	}
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Equal(t, want, got.Content)
	assert.Len(t, got.Series, 2)
}

func TestReadSelects(t *testing.T) {
	b, dir := blocktest.NewBlocks(t, write.Options{})
	series := []*prom.Series{blocktest.NewSeries(0, "a", "x"), blocktest.NewSeries(1, "a", "y"), blocktest.NewSeries(2, "b", "x")}
	for i := range int64(100) {
		for _, s := range series {
			require.NoError(t, sinktest.Put(b, s, blocktest.Noon+i*1000, float64(i)))
		}
	}
	require.NoError(t, sinktest.Finish(b))
	ax, ay, bx := `{__name__="a", instname="x"}`, `{__name__="a", instname="y"}`, `{__name__="b", instname="x"}`
	for _, test := range []struct {
		match []string
		want  []string
	}{
		{nil, []string{ax, ay, bx}},
		{[]string{"a"}, []string{ax, ay}},
		{[]string{`{instname="x"}`}, []string{ax, bx}},
		{[]string{`{instname!="x"}`}, []string{ay}},
		{[]string{`a{instname="x"}`, "b"}, []string{ax, bx}},
		{[]string{`{__name__=~"a|c"}`, `{instname=~".+",absent=""}`}, []string{ax, ay, bx}},
		{[]string{`{absent=~".*",__name__="b"}`}, []string{bx}},
		{[]string{"c"}, []string{}},
	} {
		got := blocktest.Gather(t, read.Options{Match: test.match}, dir)
		found := []string{}
		for series, points := range got.Content {
			found = append(found, series)
			assert.Len(t, points, 100)
		}
		assert.ElementsMatch(t, test.want, found, test.match)
	}
	got := blocktest.Gather(t, read.Options{Start: blocktest.Noon + 10_000, End: blocktest.Noon + 20_000}, dir)
	for _, points := range got.Content {
		require.Len(t, points, 11)
		assert.Equal(t, blocktest.At(blocktest.Noon+10_000, 10), points[0])
		assert.Equal(t, blocktest.At(blocktest.Noon+20_000, 20), points[10])
	}
	assert.Empty(t, blocktest.Gather(t, read.Options{Start: blocktest.Noon + blocktest.Hour}, dir).Content)
	_, err := read.Open(t.Context(), []string{dir}, read.Options{Match: []string{"a b"}})
	require.ErrorContains(t, err, "selector a b")
}

func TestReadWhere(t *testing.T) {
	dir := t.TempDir()
	tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) {
		for _, host := range []string{"", "a.b:1", "axb:1", "c"} {
			tsdbtest.Put(t, app, labels.NewBuilder(labels.FromStrings("__name__", "up")).Set("instance", host).Labels(), blocktest.Noon, 1)
		}
	})
	r, err := read.Open(t.Context(), []string{dir}, read.Options{})
	require.NoError(t, err)
	values, err := r.LabelValues(t.Context(), "instance")
	require.NoError(t, err)
	assert.Equal(t, []string{"", "a.b:1", "axb:1", "c"}, values)
	few, err := r.LabelValues(t.Context(), "instance", read.Condition{Label: "instance", Values: []string{"c", "d"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"c"}, few)
	for _, v := range values {
		g := &blocktest.Gatherer{Got: blocktest.Content{}}
		require.NoError(t, r.Where([]read.Condition{{Label: "instance", Values: []string{v}}}).Samples(t.Context(), sinktest.Sink(g)))
		require.Equal(t, 1, g.Count, v)
		assert.Equal(t, v, blocktest.Labels(g.Series[0]).Get("instance"))
	}
	g := &blocktest.Gatherer{Got: blocktest.Content{}}
	require.NoError(t, r.Where([]read.Condition{{Label: "instance", Values: []string{"c"}}}, []read.Condition{{Label: "instance", Values: []string{""}}}).Samples(t.Context(), sinktest.Sink(g)))
	assert.Equal(t, 2, g.Count)
}

func TestReadHonoursTombstones(t *testing.T) {
	b, dir := blocktest.NewBlocks(t, write.Options{})
	s := blocktest.NewSeries(0, "a", "x")
	for i := range int64(1000) {
		require.NoError(t, sinktest.Put(b, s, blocktest.Noon+i*1000, float64(i)))
	}
	require.NoError(t, sinktest.Finish(b))
	block, err := promtsdb.OpenBlock(tsdbtest.Quiet, b.Written()[0].Dir, nil, nil)
	require.NoError(t, err)
	require.NoError(t, block.Delete(t.Context(), blocktest.Noon+100_000, blocktest.Noon+899_000, labels.MustNewMatcher(labels.MatchEqual, "__name__", "a")))
	require.NoError(t, block.Close())
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Len(t, got.Content[`{__name__="a", instname="x"}`], 200)

	path := filepath.Join(b.Written()[0].Dir, tombstones.TombstonesFilename)
	require.NoError(t, os.WriteFile(path, []byte("nonsense!"), 0o666))
	got = blocktest.Gather(t, read.Options{}, dir)
	assert.Len(t, got.Content[`{__name__="a", instname="x"}`], 1000)
	require.Len(t, got.Damage, 1)
	assert.Contains(t, got.Damage[0], "tombstones: deleted samples are read, too: ")
}

func TestReadCountsNativeHistograms(t *testing.T) {
	dir := t.TempDir()
	tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) {
		for i := range int64(300) {
			h := &histogram.Histogram{Count: uint64(i), Sum: 1, ZeroCount: uint64(i), Schema: 1}
			_, err := app.Append(0, labels.FromStrings("__name__", "h"), 0, blocktest.Noon+i*1000, 0, h, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
		tsdbtest.Put(t, app, labels.FromStrings("__name__", "f"), blocktest.Noon, 1)
	})
	got := blocktest.Gather(t, read.Options{End: blocktest.Noon + 199_000}, dir)
	assert.Equal(t, blocktest.Content{`{__name__="f"}`: {blocktest.At(blocktest.Noon, 1)}}, got.Content)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNativeHist, Name: "h", Count: 200}}, got.Report.Losses())
}
