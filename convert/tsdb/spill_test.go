package tsdb_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestSpill writes more chunks than the spill file's buffer holds, cut by size
// and by count, over three windows in which series come, go and come back.
func TestSpill(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	b, dir := blocktest.NewBlocks(t, write.Options{BlockRange: time.Hour})
	all := blocktest.ManySeries(600)
	want, keys := blocktest.Content{}, keysOf(all)
	for row := range int64(1700) {
		now := blocktest.Noon + row*6000
		for _, s := range all {
			if (s.ID+int(now/blocktest.Hour))%3 == 0 {
				continue // absent in this window
			}
			v := float64(row)
			if s.ID%8 != 0 {
				v = math.Float64frombits(rng.Uint64())
			}
			if err := sinktest.Put(b, s, now, v); err != nil {
				t.Fatal(err)
			}
			want[keys[s.ID]] = append(want[keys[s.ID]], blocktest.At(now, v))
		}
		if row == 550 && runtime.GOOS != "windows" {
			require.Equal(t, []string{".pcparchive-.lock"}, blocktest.Listing(t, dir), "the spill file has no name, and no block is begun")
		}
	}
	require.NoError(t, sinktest.Finish(b))
	require.Len(t, b.Written(), 3)
	require.Greater(t, b.Written()[0].Bytes, int64(3<<19), "the buffer is 1 MiB")
	require.ElementsMatch(t, names(b.Written()), blocktest.Listing(t, dir))
	require.Equal(t, want, tsdbtest.ReadBlocks(t, b.Written()))
}

func TestManySeries(t *testing.T) {
	b, _ := blocktest.NewBlocks(t, write.Options{})
	all := blocktest.ManySeries(20000)
	for row := range int64(3) {
		for i := range all {
			s := all[(i*7919+int(row))%len(all)] // in no order
			require.NoError(t, sinktest.Put(b, s, blocktest.Noon+row, float64(s.ID)))
		}
	}
	require.NoError(t, sinktest.Finish(b))
	got := tsdbtest.ReadBlocks(t, b.Written())
	require.Len(t, got, len(all))
	for _, s := range all {
		v := float64(s.ID)
		require.Equal(t, []blocktest.Point{blocktest.At(blocktest.Noon, v), blocktest.At(blocktest.Noon+1, v), blocktest.At(blocktest.Noon+2, v)}, got[blocktest.Labels(s).String()])
	}
}

func TestNothing(t *testing.T) {
	b, dir := blocktest.NewBlocks(t, write.Options{})
	require.NoError(t, sinktest.Finish(b))
	require.NoError(t, sinktest.Finish(b), "a second time")
	require.NoError(t, b.Close())
	assert.Empty(t, b.Written())
	assert.Empty(t, blocktest.Listing(t, dir))
	require.ErrorContains(t, sinktest.Put(b, blocktest.NewSeries(0, "m", "a"), blocktest.Noon, 1), "after the end")
}

func TestCloseKeepsWholeBlocks(t *testing.T) {
	b, dir := blocktest.NewBlocks(t, write.Options{BlockRange: time.Hour})
	all := blocktest.ManySeries(500)
	for row := range int64(1000) {
		for _, s := range all {
			require.NoError(t, sinktest.Put(b, s, blocktest.Noon+row*5000, float64(row^7)*math.Pi))
		}
	}
	require.NoError(t, b.Close())
	require.Len(t, b.Written(), 1)
	assert.Equal(t, names(b.Written()), blocktest.Listing(t, dir))
	tsdbtest.VerifyBlock(t, b.Written()[0])
	require.Error(t, sinktest.Put(b, all[0], blocktest.Noon+24*blocktest.Hour, 1))
	require.NoError(t, sinktest.Finish(b), "does nothing after Close")
	require.Len(t, b.Written(), 1)
}

// TestFailure lets the last of three windows fail in the middle of its block.
func TestFailure(t *testing.T) {
	b, dir := blocktest.NewBlocks(t, write.Options{BlockRange: time.Hour})
	s, twin := blocktest.NewSeries(0, "m", "a"), blocktest.NewSeries(1, "m", "a")
	require.NoError(t, sinktest.Put(b, s, blocktest.Noon, 1))
	require.NoError(t, sinktest.Put(b, s, blocktest.Noon+blocktest.Hour, 1))
	require.NoError(t, sinktest.Put(b, twin, blocktest.Noon+blocktest.Hour, 1))
	err := sinktest.Put(b, s, blocktest.Noon+2*blocktest.Hour, 1)
	require.ErrorContains(t, err, "out-of-order series")
	require.ErrorContains(t, err, dir)
	assert.Equal(t, err, sinktest.Put(b, s, blocktest.Noon+2*blocktest.Hour, 1), "an error stays")
	assert.Equal(t, err, sinktest.Finish(b))
	require.NoError(t, b.Close())
	require.Len(t, b.Written(), 1)
	assert.Equal(t, names(b.Written()), blocktest.Listing(t, dir))
}

// TestUnwritable takes the folder away: at the start of a block, and when the
// spill file is to be made.
func TestUnwritable(t *testing.T) {
	b, dir := blocktest.NewBlocks(t, write.Options{})
	require.NoError(t, sinktest.Put(b, blocktest.NewSeries(0, "m", "a"), blocktest.Noon, 1))
	require.NoError(t, os.RemoveAll(dir))
	require.ErrorIs(t, sinktest.Finish(b), os.ErrNotExist)
	assert.Empty(t, b.Written())

	b, dir = blocktest.NewBlocks(t, write.Options{})
	require.NoError(t, os.RemoveAll(dir))
	rng := rand.New(rand.NewPCG(1, 2))
	s := blocktest.NewSeries(0, "m", "a")
	var err error
	for now := blocktest.Noon; err == nil && now < blocktest.Noon+blocktest.Hour; now++ {
		err = sinktest.Put(b, s, now, rng.Float64())
	}
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, sinktest.Finish(b), os.ErrNotExist)
}

func TestRefused(t *testing.T) {
	for _, width := range []time.Duration{-time.Hour, time.Microsecond, time.Hour + time.Nanosecond} {
		_, err := write.NewBlocks(t.TempDir(), write.Options{BlockRange: width})
		require.ErrorContains(t, err, "not a positive number of milliseconds")
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err := write.NewBlocks(file, write.Options{})
	require.Error(t, err)

	for _, far := range []int64{math.MinInt64, math.MaxInt64} {
		b, _ := blocktest.NewBlocks(t, write.Options{})
		require.ErrorContains(t, sinktest.Put(b, blocktest.NewSeries(0, "m", "a"), far, 1), "out of range")
	}

	b, _ := blocktest.NewBlocks(t, write.Options{})
	require.NoError(t, sinktest.Put(b, blocktest.NewSeries(0, "m", "a"), blocktest.Noon, 1))
	require.ErrorContains(t, sinktest.Put(b, blocktest.NewSeries(0, "m", "b"), blocktest.Noon, 1), "more than one source")
}

// TestUnfitLabels checks that what Prometheus would refuse is left out, counted.
func TestUnfitLabels(t *testing.T) {
	var report prom.Report
	b, _ := blocktest.NewBlocks(t, write.Options{Report: &report})
	good := blocktest.NewSeries(0, "good.name", "ü")
	unfit := []*prom.Series{
		{ID: 1, Name: ""},
		{ID: 2, Name: "bad\xff"},
		{ID: 3, Name: "m", Labels: []prom.Label{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}},
		{ID: 4, Name: "m", Labels: []prom.Label{{Name: "a", Value: ""}}},
		{ID: 5, Name: "m", Labels: []prom.Label{{Name: "", Value: "1"}}},
		{ID: 6, Name: "m", Labels: []prom.Label{{Name: "__name__", Value: "n"}}},
		{ID: 7, Name: "m", Labels: []prom.Label{{Name: "long", Value: strings.Repeat("v", 1<<24)}}},
		{ID: 8, Name: "m"},
	}
	for i := range 4096 { // and the name
		unfit[7].Labels = append(unfit[7].Labels, prom.Label{Name: fmt.Sprintf("l%04d", i), Value: "1"})
	}
	for now := range int64(3) {
		for _, s := range append(unfit, good) {
			require.NoError(t, sinktest.Put(b, s, blocktest.Noon+now, 1))
		}
	}
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, blocktest.Content{blocktest.Labels(good).String(): {blocktest.At(blocktest.Noon, 1), blocktest.At(blocktest.Noon+1, 1), blocktest.At(blocktest.Noon+2, 1)}},
		tsdbtest.ReadBlocks(t, b.Written()))
	var n int64
	for _, l := range report.Losses() {
		assert.Equal(t, prom.LossInvalidLabel, l.Loss)
		n += l.Count
	}
	assert.EqualValues(t, len(unfit), n)
}

// TestFromSteps goes the whole way from an archive's steps.
func TestFromSteps(t *testing.T) {
	b, _ := blocktest.NewBlocks(t, write.Options{})
	sink := flatten.New(b, flatten.Options{})
	m := &history.Metric{Name: "kernel.all.load", Desc: &meta.Desc{PMID: 1, Type: pcp.TypeDouble, Sem: pcp.SemInstant}}
	s := &history.Series{Metric: m, Inst: meta.Instance{ID: 5, Name: "5 minute"}}
	for sec := range int64(3) {
		require.NoError(t, sink.Put(&history.Step{
			Stamp: pcp.Timestamp{Sec: blocktest.Noon/1000 + sec},
			Metrics: []history.MetricValues{{Metric: m, Points: []history.Point{{
				Series: s, Value: history.Value{Type: pcp.TypeDouble, Bits: math.Float64bits(float64(sec))},
			}}}},
		}))
	}
	require.NoError(t, sink.Put(&history.Step{Stamp: pcp.Timestamp{Sec: blocktest.Noon/1000 + 3}, Mark: true}))
	require.NoError(t, sink.Close())
	require.NoError(t, sinktest.Finish(b))
	assert.Equal(t, blocktest.Content{`{__name__="kernel_all_load", instname="5 minute"}`: {
		blocktest.At(blocktest.Noon, 0), blocktest.At(blocktest.Noon+1000, 1), blocktest.At(blocktest.Noon+2000, 2), blocktest.At(blocktest.Noon+3000, prom.StaleNaN),
	}}, tsdbtest.ReadBlocks(t, b.Written()))
}
