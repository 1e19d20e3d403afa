package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"
)

func TestVerifyFindsNothing(t *testing.T) {
	_, ours, _, _ := blocktest.OverMidnight(t)
	theirs := t.TempDir()
	tsdbtest.PromBlock(t, theirs, func(app storage.AppenderV2) {
		for i := range int64(1000) {
			tsdbtest.Put(t, app, labels.FromStrings("__name__", "a", "x", "y"), blocktest.Noon+i*1000, float64(i))
		}
	})
	for _, target := range verify.Targets() {
		for _, dir := range []string{ours, theirs} {
			for _, f := range blocktest.Verified(t, target, dir) {
				assert.Contains(t, f, "block-external: the section thanos is missing", target)
			}
		}
	}
}

func TestVerifyRules(t *testing.T) {
	long := strings.Repeat("x", 3000)
	many := []string{}
	for i := range 31 {
		many = append(many, fmt.Sprintf("l%02d", i), "v")
	}
	midnight := blocktest.Noon + 12*blocktest.Hour
	for name, test := range map[string]struct {
		block  blocktest.Crafted
		target verify.Target
		want   string // a part of the finding; "": none
	}{
		"good":             {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", "1"), blocktest.PlainSeries("b", "2")}}, verify.Prometheus, ""},
		"label order":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("c", "1", "b", "2")}}, verify.Prometheus, `error: block-label-order: series {__name__="a", c="1", b="2"}: label b comes after c`},
		"label twice":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", "1", "b", "2"), blocktest.PlainSeries("c", "1")}}, verify.Prometheus, "error: block-label-twice: "},
		"label empty":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", "")}}, verify.Prometheus, "error: block-label-empty: "},
		"label not UTF-8":  {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", "\xff")}}, verify.Prometheus, "error: block-label-utf8: "},
		"no name":          {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: []string{"b", "1"}, Chunks: blocktest.PlainSeries().Chunks}}}, verify.Prometheus, "warning: block-label-name: "},
		"dotted name":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b.c", "1")}}, verify.Prometheus, "note: block-label-legacy: "},
		"no chunks":        {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries(), {Labels: []string{"__name__", "b"}}}}, verify.Prometheus, `error: block-series-empty: series {__name__="b"}`},
		"wrong first time": {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{Times: []int64{blocktest.Noon, blocktest.Noon + 9}, MinTime: blocktest.Noon - 1, MaxTime: blocktest.Noon + 9}}}}}, verify.Prometheus, "error: block-chunk-samples: "},
		"wrong last time":  {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{Times: []int64{blocktest.Noon, blocktest.Noon + 9}, MinTime: blocktest.Noon, MaxTime: blocktest.Noon + 10}}}}}, verify.Prometheus, "error: block-chunk-samples: "},
		"samples order":    {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{Times: []int64{blocktest.Noon, blocktest.Noon + 9, blocktest.Noon + 5, blocktest.Noon + 10}}}}}}, verify.Prometheus, "a sample at 2026-03-01T12:00:00.005Z comes after one at 2026-03-01T12:00:00.009Z"},
		"no samples":       {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{MinTime: blocktest.Noon, MaxTime: blocktest.Noon}}}}}, verify.Prometheus, "it has no samples"},
		"outside":          {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"maxTime": blocktest.Noon + 1}}, verify.Prometheus, "error: block-chunk-outside: "},
		"numbers":          {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"stats": map[string]any{"numSeries": 7, "numSamples": 2, "numChunks": 1}}}, verify.Prometheus, "warning: block-stats: 7 series, but the block has 1"},
		"ends early":       {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"maxTime": blocktest.Noon}}, verify.Prometheus, "error: block-times: "},
		"other ULID":       {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Name: "01JD0000000000000000000000"}, verify.Prometheus, "error: block-ulid: "},
		"no ULID":          {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Name: "x"}, verify.Prometheus, "error: block-ulid: "},
		"version":          {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"version": 2}}, verify.Prometheus, "error: block-meta: version 2, want 1"},
		"left behind":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Name: "01JD0000000000000000000000.tmp-for-creation"}, verify.Prometheus, "warning: block-incomplete: "},
		"midnight":         {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{Times: []int64{midnight - 1, midnight}}}}}}, verify.Mimir, "error: block-day: "},
		"at midnight":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{Times: []int64{midnight - 2, midnight - 1}}}}}}, verify.Mimir, ""},
		"future":           {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"maxTime": time.Now().UnixMilli() + 24*blocktest.Hour, "minTime": blocktest.Noon}}, verify.Mimir, "error: block-future: "},
		"many labels":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries(many...)}}, verify.Mimir, "has 32 labels"},
		"long name":        {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries(long, "1")}}, verify.Mimir, "warning: block-limit-name: "},
		"long value":       {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", long)}}, verify.Mimir, "warning: block-limit-value: "},
		"long for others":  {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", long)}}, verify.Prometheus, ""},
		"XOR2":             {blocktest.Crafted{Series: []blocktest.CraftedSeries{{Labels: blocktest.PlainSeries().Labels, Chunks: []blocktest.CraftedChunk{{Times: []int64{blocktest.Noon, blocktest.Noon + 1}, XOR2: true}}}}}, verify.Mimir, "warning: block-encoding: "},
		"external labels":  {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"thanos": map[string]any{"labels": map[string]any{"site": "x"}}}}, verify.Mimir, `warning: block-external: external label site="x"`},
		"own label":        {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"thanos": map[string]any{"labels": map[string]any{"__org_id__": "x"}}}}, verify.Mimir, ""},
		"thanos":           {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"thanos": map[string]any{"labels": map[string]any{"site": "x"}}}}, verify.Thanos, ""},
		"no labels":        {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"thanos": map[string]any{}}}, verify.Thanos, "error: block-external: the section thanos has no external labels"},
		"downsampled":      {blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries()}, Meta: map[string]any{"thanos": map[string]any{"downsample": map[string]any{"resolution": 300000}}}}, verify.Mimir, "error: block-downsampled: downsampled by Thanos to 5m0s: only Thanos can read it"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			folder := blocktest.Craft(t, dir, test.block)
			if test.block.Name == "x" {
				dir = folder
			}
			found := blocktest.Verified(t, test.target, dir)
			if test.want == "" {
				assert.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			assert.Contains(t, strings.Join(found, "\n"), test.want)
			if name != "future" { // which is past midnight, too
				assert.Len(t, slices.Compact(blocktest.Codes(found)), 1, found)
			}
		})
	}
}

func TestVerifyDamage(t *testing.T) {
	b, dir, _, _ := blocktest.OverMidnight(t)
	folder := b.Written()[0].Dir
	for file, change := range map[string]struct {
		at   int
		want string
	}{
		"chunks/000001": {1000, "block-chunk-damaged"},
		"index":         {200, "block-index"},
		"meta.json":     {0, "block-meta"},
		"tombstones":    {0, "block-tombstones"},
	} {
		path := filepath.Join(folder, file)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		bad := bytes.Clone(good)
		bad[change.at] ^= 0x55
		require.NoError(t, os.WriteFile(path, bad, 0o666))
		found := blocktest.Verified(t, verify.Prometheus, dir)
		require.NotEmpty(t, found, file)
		assert.Contains(t, strings.Join(found, "\n"), change.want)
		require.NoError(t, os.Remove(path))
		if file != "tombstones" {
			assert.NotEmpty(t, blocktest.Verified(t, verify.Prometheus, dir), file)
		}
		require.NoError(t, os.WriteFile(path, good, 0o666))
	}
	assert.Empty(t, blocktest.Verified(t, verify.Prometheus, dir))
}

func TestVerifyTogether(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) {
			tsdbtest.Put(t, app, labels.FromStrings("__name__", "a"), blocktest.Noon, 1)
			tsdbtest.Put(t, app, labels.FromStrings("__name__", "a"), blocktest.Noon+1, 1)
		})
	}
	assert.Equal(t, []string{"block-overlap"}, blocktest.Codes(blocktest.Verified(t, verify.Prometheus, dir)))
	assert.Equal(t, []string{"block-overlap", "block-day-twice"}, blocktest.Codes(blocktest.Verified(t, verify.Mimir, dir)))
	assert.Contains(t, blocktest.Codes(blocktest.Verified(t, verify.Thanos, dir)), "block-overlap")

	names := blocktest.Listing(t, dir)
	block, err := promtsdb.OpenBlock(tsdbtest.Quiet, filepath.Join(dir, names[0]), nil, nil)
	require.NoError(t, err)
	require.NoError(t, block.Delete(t.Context(), blocktest.Noon, blocktest.Noon, labels.MustNewMatcher(labels.MatchEqual, "__name__", "a")))
	require.NoError(t, block.Close())
	assert.Contains(t, blocktest.Codes(blocktest.Verified(t, verify.Mimir, dir)), "block-deleted")
}

func TestVerifyLimit(t *testing.T) {
	var c blocktest.Crafted
	for i := range 10 {
		c.Series = append(c.Series, blocktest.PlainSeries("b", fmt.Sprint(i), "c", ""))
	}
	dir := blocktest.Craft(t, t.TempDir(), c)
	var found []finding.Finding
	for f := range verify.Run(t.Context(), []string{dir}, verify.Options{Limit: 3}) {
		found = append(found, f)
	}
	require.Len(t, found, 4)
	assert.Equal(t, finding.Finding{
		Code: verify.BlockLabelEmpty, Severity: finding.Error, Archive: dir, File: dir, Offset: -1, Message: "and 7 more", Omitted: 7,
	}, found[3])
	for range verify.Run(t.Context(), []string{dir}, verify.Options{}) {
		break // a consumer may have enough
	}
	_, err := verify.Find([]string{t.TempDir(), filepath.Join(dir, "none")})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestVerifyCodes(t *testing.T) {
	seen := map[finding.Code]bool{}
	ofArchives := map[finding.Code]bool{}
	for _, c := range check.Codes() {
		ofArchives[c.Code] = true
	}
	for _, target := range verify.Targets() {
		for _, c := range verify.Codes(target) {
			assert.NotEmpty(t, c.Meaning)
			assert.False(t, ofArchives[c.Code], "%s is a code of archives, too", c.Code)
			seen[c.Code] = true
		}
	}
	assert.Len(t, seen, 35)
	var target verify.Target
	require.NoError(t, target.Set("mimir"))
	require.Error(t, target.Set("cortex"))
}
