package tsdb_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

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

// gatherer is a Samples that keeps everything, and sees to the order.
type gatherer struct {
	t      testing.TB
	got    content
	series []*prom.Series
	last   int64
	count  int
}

func (g *gatherer) Sample(s *prom.Series, t int64, v float64) error {
	if g.count > 0 && t < g.last {
		return fmt.Errorf("%d comes after %d", t, g.last)
	}
	if s.ID >= len(g.series) {
		g.series = append(g.series, make([]*prom.Series, s.ID+1-len(g.series))...)
	}
	if was := cmp.Or(g.series[s.ID], s); was != s {
		return fmt.Errorf("number %d is that of two series", s.ID)
	}
	g.series[s.ID] = s
	g.last = t
	g.count++
	key := promLabels(s).String()
	g.got[key] = append(g.got[key], at(t, v))
	return nil
}

// gathered is what a Reader yields, and what it says about it.
type gathered struct {
	content
	series []*prom.Series
	damage []string
	report prom.Report
}

func gather(t testing.TB, o read.Options, paths ...string) *gathered {
	t.Helper()
	g := &gatherer{t: t, got: content{}}
	out := &gathered{}
	o.Report = &out.report
	o.Damaged = func(d *read.Damage) { out.damage = append(out.damage, d.Error()) }
	r, err := read.Open(t.Context(), paths, o)
	require.NoError(t, err)
	require.NoError(t, r.Samples(t.Context(), sinktest.Sink(g, &out.report)))
	require.NoError(t, r.Close())
	out.content, out.series = g.got, g.series
	return out
}

// theirBlock has Prometheus write a block and returns its folder.
func theirBlock(t testing.TB, dir string, fill func(storage.AppenderV2)) string {
	t.Helper()
	w, err := promtsdb.NewBlockWriter(quiet, dir, 1000*hour)
	require.NoError(t, err)
	app := w.AppenderV2(t.Context())
	fill(app)
	require.NoError(t, app.Commit())
	id, err := w.Flush(context.Background())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return filepath.Join(dir, id.String())
}

func put(t testing.TB, app storage.AppenderV2, lset labels.Labels, at int64, v float64) {
	// Called a million times, which require's own bookkeeping is too slow for.
	if _, err := app.Append(0, lset, 0, at, v, nil, nil, storage.AppendV2Options{}); err != nil {
		t.Fatal(err)
	}
}

func TestReadsOurBlocks(t *testing.T) {
	_, dir, _, _ := overMidnight(t)
	got := gather(t, read.Options{}, dir)
	want := content{}
	for _, name := range listing(t, dir) {
		for series, points := range readBlock(t, filepath.Join(dir, name)) {
			want[series] = append(want[series], points...)
		}
	}
	assert.Equal(t, want, got.content)
	assert.Empty(t, got.damage)
	assert.Empty(t, got.report.Losses())

	both := gather(t, read.Options{}, filepath.Join(dir, listing(t, dir)[1]), filepath.Join(dir, listing(t, dir)[0]))
	assert.Equal(t, want, both.content, "blocks in any order")
}

// TestReadsTheirBlocks has series with times of their own, that begin and end
// anywhere, and gaps of days.
func TestReadsTheirBlocks(t *testing.T) {
	want := content{}
	dir := t.TempDir()
	theirBlock(t, dir, func(app storage.AppenderV2) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range 200 {
			lset := labels.FromStrings("__name__", fmt.Sprintf("m%d", i%7), "i", fmt.Sprint(i))
			now := noon + rng.Int64N(100*hour)
			for range rng.IntN(400) {
				now += 1 + rng.Int64N(1<<rng.IntN(24))
				v := math.Float64frombits(rng.Uint64())
				put(t, app, lset, now, v)
				want[lset.String()] = append(want[lset.String()], at(now, v))
			}
		}
	})
	for _, memory := range []int64{0, 1 << 20, 1 << 10, 1} {
		got := gather(t, read.Options{Memory: memory}, dir)
		assert.Equal(t, want, got.content, memory)
		assert.Empty(t, got.damage)
	}
}

func TestReadMergesOverlappingBlocks(t *testing.T) {
	dir := t.TempDir()
	want := content{}
	a, b := labels.FromStrings("__name__", "a"), labels.FromStrings("__name__", "b")
	for block := range int64(3) {
		theirBlock(t, dir, func(app storage.AppenderV2) {
			for i := block * 100; i < block*100+200; i++ {
				put(t, app, a, noon+i*1000, float64(i))
			}
			put(t, app, b, noon+block, float64(block))
		})
		want[b.String()] = append(want[b.String()], at(noon+block, float64(block)))
	}
	for i := range int64(400) {
		want[a.String()] = append(want[a.String()], at(noon+i*1000, float64(i)))
	}
	got := gather(t, read.Options{}, dir)
	assert.Equal(t, want, got.content)
	assert.Len(t, got.series, 2)
}

func TestReadSelects(t *testing.T) {
	b, dir := newBlocks(t, write.Options{})
	series := []*prom.Series{newSeries(0, "a", "x"), newSeries(1, "a", "y"), newSeries(2, "b", "x")}
	for i := range int64(100) {
		for _, s := range series {
			require.NoError(t, sinktest.Put(b, s, noon+i*1000, float64(i)))
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
		got := gather(t, read.Options{Match: test.match}, dir)
		found := []string{}
		for series, points := range got.content {
			found = append(found, series)
			assert.Len(t, points, 100)
		}
		assert.ElementsMatch(t, test.want, found, test.match)
	}
	got := gather(t, read.Options{Start: noon + 10_000, End: noon + 20_000}, dir)
	for _, points := range got.content {
		require.Len(t, points, 11)
		assert.Equal(t, at(noon+10_000, 10), points[0])
		assert.Equal(t, at(noon+20_000, 20), points[10])
	}
	assert.Empty(t, gather(t, read.Options{Start: noon + hour}, dir).content)
	_, err := read.Open(t.Context(), []string{dir}, read.Options{Match: []string{"a b"}})
	require.ErrorContains(t, err, "selector a b")
}

func TestReadWhere(t *testing.T) {
	dir := t.TempDir()
	theirBlock(t, dir, func(app storage.AppenderV2) {
		for _, host := range []string{"", "a.b:1", "axb:1", "c"} {
			put(t, app, labels.NewBuilder(labels.FromStrings("__name__", "up")).Set("instance", host).Labels(), noon, 1)
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
		g := &gatherer{t: t, got: content{}}
		require.NoError(t, r.Where([]read.Condition{{Label: "instance", Values: []string{v}}}).Samples(t.Context(), sinktest.Sink(g)))
		require.Equal(t, 1, g.count, v)
		assert.Equal(t, v, promLabels(g.series[0]).Get("instance"))
	}
	g := &gatherer{t: t, got: content{}}
	require.NoError(t, r.Where([]read.Condition{{Label: "instance", Values: []string{"c"}}}, []read.Condition{{Label: "instance", Values: []string{""}}}).Samples(t.Context(), sinktest.Sink(g)))
	assert.Equal(t, 2, g.count)
}

func TestReadHonoursTombstones(t *testing.T) {
	b, dir := newBlocks(t, write.Options{})
	s := newSeries(0, "a", "x")
	for i := range int64(1000) {
		require.NoError(t, sinktest.Put(b, s, noon+i*1000, float64(i)))
	}
	require.NoError(t, sinktest.Finish(b))
	block, err := promtsdb.OpenBlock(quiet, b.Written()[0].Dir, nil, nil)
	require.NoError(t, err)
	require.NoError(t, block.Delete(t.Context(), noon+100_000, noon+899_000, labels.MustNewMatcher(labels.MatchEqual, "__name__", "a")))
	require.NoError(t, block.Close())
	got := gather(t, read.Options{}, dir)
	assert.Len(t, got.content[`{__name__="a", instname="x"}`], 200)

	path := filepath.Join(b.Written()[0].Dir, tombstones.TombstonesFilename)
	require.NoError(t, os.WriteFile(path, []byte("nonsense!"), 0o666))
	got = gather(t, read.Options{}, dir)
	assert.Len(t, got.content[`{__name__="a", instname="x"}`], 1000)
	require.Len(t, got.damage, 1)
	assert.Contains(t, got.damage[0], "tombstones: what was deleted is read: ")
}

func TestReadCountsNativeHistograms(t *testing.T) {
	dir := t.TempDir()
	theirBlock(t, dir, func(app storage.AppenderV2) {
		for i := range int64(300) {
			h := &histogram.Histogram{Count: uint64(i), Sum: 1, ZeroCount: uint64(i), Schema: 1}
			_, err := app.Append(0, labels.FromStrings("__name__", "h"), 0, noon+i*1000, 0, h, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
		put(t, app, labels.FromStrings("__name__", "f"), noon, 1)
	})
	got := gather(t, read.Options{End: noon + 199_000}, dir)
	assert.Equal(t, content{`{__name__="f"}`: {at(noon, 1)}}, got.content)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNativeHist, Name: "h", Count: 200}}, got.report.Losses())
}
