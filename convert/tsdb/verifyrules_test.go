package tsdb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/finding"
)

// crafted is a block whose parts can each be wrong.
type crafted struct {
	series []craftedSeries
	meta   map[string]any // in place of what is right
	name   string         // of the folder
}

type craftedSeries struct {
	labels []string // pairs, as they are
	chunks []craftedChunk
}

type craftedChunk struct {
	times      []int64
	mint, maxt int64 // in the index; 0: as they are
	xor2       bool
	chunk      chunkenc.Chunk // in place of one of the times
}

// craft writes the block into dir.
func craft(t testing.TB, dir string, c crafted) string {
	t.Helper()
	id := ulid.MustNew(uint64(noon), bytes.NewReader(make([]byte, 16)))
	folder := filepath.Join(dir, id.String())
	if c.name != "" {
		folder = filepath.Join(dir, c.name)
	}
	require.NoError(t, os.MkdirAll(folder, 0o777))
	cw, err := chunks.NewWriter(filepath.Join(folder, "chunks"), chunks.WithSegmentSize(1<<20))
	require.NoError(t, err)
	iw, err := index.NewWriter(t.Context(), filepath.Join(folder, "index"))
	require.NoError(t, err)
	var symbols []string
	for _, s := range c.series {
		symbols = append(symbols, s.labels...)
	}
	slices.Sort(symbols)
	for _, s := range slices.Compact(symbols) {
		require.NoError(t, iw.AddSymbol(s))
	}
	mint, maxt, samples, total := int64(math.MaxInt64), int64(math.MinInt64), 0, 0
	for i, s := range c.series {
		var b labels.ScratchBuilder
		for j := 0; j < len(s.labels); j += 2 {
			b.Add(s.labels[j], s.labels[j+1])
		}
		var metas []chunks.Meta
		for _, chunk := range s.chunks {
			var x chunkenc.Chunk = chunkenc.NewXORChunk()
			if chunk.xor2 {
				x = chunkenc.NewXOR2Chunk()
			}
			app, err := x.Appender()
			require.NoError(t, err)
			for _, now := range chunk.times {
				app.Append(0, now, 1)
			}
			if chunk.chunk != nil {
				x = chunk.chunk
			}
			m := chunks.Meta{Chunk: x, MinTime: chunk.mint, MaxTime: chunk.maxt}
			if m.MinTime == 0 {
				m.MinTime, m.MaxTime = chunk.times[0], chunk.times[len(chunk.times)-1]
			}
			mint, maxt = min(mint, m.MinTime), max(maxt, m.MaxTime)
			samples += len(chunk.times)
			total++
			metas = append(metas, m)
		}
		require.NoError(t, cw.WriteChunks(metas...))
		require.NoError(t, iw.AddSeries(storage.SeriesRef(i), b.Labels(), metas...))
	}
	require.NoError(t, cw.Close())
	require.NoError(t, iw.Close())
	meta := map[string]any{
		"ulid": id, "minTime": mint, "maxTime": maxt + 1, "version": 1,
		"stats": map[string]any{"numSamples": samples, "numSeries": len(c.series), "numChunks": total},
	}
	for k, v := range c.meta {
		meta[k] = v
	}
	text, err := json.Marshal(meta)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "meta.json"), text, 0o666))
	return folder
}

// plainSeries is a series that nothing is wrong with.
func plainSeries(pairs ...string) craftedSeries {
	return craftedSeries{labels: append([]string{"__name__", "a"}, pairs...), chunks: []craftedChunk{{times: []int64{noon, noon + 1000}}}}
}

// verify returns the findings without the path as far as the folder of blocks.
func verified(t testing.TB, target verify.Target, dir string) []string {
	t.Helper()
	dirs, err := verify.Find([]string{dir})
	require.NoError(t, err)
	var found []string
	for f := range verify.Run(t.Context(), dirs, verify.Options{Target: target}) {
		found = append(found, strings.TrimPrefix(filepath.ToSlash(f.String()), filepath.ToSlash(dir)+"/"))
	}
	return found
}

// codes returns the codes among findings.
func codes(findings []string) []string {
	found := []string{}
	for _, f := range findings {
		found = append(found, strings.Split(f, ": ")[2])
	}
	return found
}

func TestVerifyFindsNothing(t *testing.T) {
	_, ours, _, _ := overMidnight(t)
	theirs := t.TempDir()
	theirBlock(t, theirs, func(app storage.AppenderV2) {
		for i := range int64(1000) {
			put(t, app, labels.FromStrings("__name__", "a", "x", "y"), noon+i*1000, float64(i))
		}
	})
	for _, target := range verify.Targets() {
		for _, dir := range []string{ours, theirs} {
			for _, f := range verified(t, target, dir) {
				assert.Contains(t, f, "block-external: there is no section thanos", target)
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
	midnight := noon + 12*hour
	for name, test := range map[string]struct {
		block  crafted
		target verify.Target
		want   string // a part of the finding; "": none
	}{
		"good":             {crafted{series: []craftedSeries{plainSeries("b", "1"), plainSeries("b", "2")}}, verify.Prometheus, ""},
		"label order":      {crafted{series: []craftedSeries{plainSeries("c", "1", "b", "2")}}, verify.Prometheus, `error: block-label-order: series {__name__="a", c="1", b="2"}: label b comes after c`},
		"label twice":      {crafted{series: []craftedSeries{plainSeries("b", "1", "b", "2"), plainSeries("c", "1")}}, verify.Prometheus, "error: block-label-twice: "},
		"label empty":      {crafted{series: []craftedSeries{plainSeries("b", "")}}, verify.Prometheus, "error: block-label-empty: "},
		"label not UTF-8":  {crafted{series: []craftedSeries{plainSeries("b", "\xff")}}, verify.Prometheus, "error: block-label-utf8: "},
		"no name":          {crafted{series: []craftedSeries{{labels: []string{"b", "1"}, chunks: plainSeries().chunks}}}, verify.Prometheus, "warning: block-label-name: "},
		"dotted name":      {crafted{series: []craftedSeries{plainSeries("b.c", "1")}}, verify.Prometheus, "note: block-label-legacy: "},
		"no chunks":        {crafted{series: []craftedSeries{plainSeries(), {labels: []string{"__name__", "b"}}}}, verify.Prometheus, `error: block-series-empty: series {__name__="b"}`},
		"wrong first time": {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{times: []int64{noon, noon + 9}, mint: noon - 1, maxt: noon + 9}}}}}, verify.Prometheus, "error: block-chunk-samples: "},
		"wrong last time":  {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{times: []int64{noon, noon + 9}, mint: noon, maxt: noon + 10}}}}}, verify.Prometheus, "error: block-chunk-samples: "},
		"samples order":    {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{times: []int64{noon, noon + 9, noon + 5, noon + 10}}}}}}, verify.Prometheus, "a sample at 2026-03-01T12:00:00.005Z comes after one at 2026-03-01T12:00:00.009Z"},
		"no samples":       {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{mint: noon, maxt: noon}}}}}, verify.Prometheus, "it has no samples"},
		"outside":          {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"maxTime": noon + 1}}, verify.Prometheus, "error: block-chunk-outside: "},
		"numbers":          {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"stats": map[string]any{"numSeries": 7, "numSamples": 2, "numChunks": 1}}}, verify.Prometheus, "warning: block-stats: 7 series, and the block has 1"},
		"ends early":       {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"maxTime": noon}}, verify.Prometheus, "error: block-times: "},
		"other ULID":       {crafted{series: []craftedSeries{plainSeries()}, name: "01JD0000000000000000000000"}, verify.Prometheus, "error: block-ulid: "},
		"no ULID":          {crafted{series: []craftedSeries{plainSeries()}, name: "x"}, verify.Prometheus, "error: block-ulid: "},
		"version":          {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"version": 2}}, verify.Prometheus, "error: block-meta: version 2, want 1"},
		"left behind":      {crafted{series: []craftedSeries{plainSeries()}, name: "01JD0000000000000000000000.tmp-for-creation"}, verify.Prometheus, "warning: block-incomplete: "},
		"midnight":         {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{times: []int64{midnight - 1, midnight}}}}}}, verify.Mimir, "error: block-day: "},
		"at midnight":      {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{times: []int64{midnight - 2, midnight - 1}}}}}}, verify.Mimir, ""},
		"future":           {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"maxTime": time.Now().UnixMilli() + 24*hour, "minTime": noon}}, verify.Mimir, "error: block-future: "},
		"many labels":      {crafted{series: []craftedSeries{plainSeries(many...)}}, verify.Mimir, "has 32 labels"},
		"long name":        {crafted{series: []craftedSeries{plainSeries(long, "1")}}, verify.Mimir, "warning: block-limit-name: "},
		"long value":       {crafted{series: []craftedSeries{plainSeries("b", long)}}, verify.Mimir, "warning: block-limit-value: "},
		"long for others":  {crafted{series: []craftedSeries{plainSeries("b", long)}}, verify.Prometheus, ""},
		"XOR2":             {crafted{series: []craftedSeries{{plainSeries().labels, []craftedChunk{{times: []int64{noon, noon + 1}, xor2: true}}}}}, verify.Mimir, "warning: block-encoding: "},
		"external labels":  {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"thanos": map[string]any{"labels": map[string]any{"site": "x"}}}}, verify.Mimir, `warning: block-external: external label site="x"`},
		"own label":        {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"thanos": map[string]any{"labels": map[string]any{"__org_id__": "x"}}}}, verify.Mimir, ""},
		"thanos":           {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"thanos": map[string]any{"labels": map[string]any{"site": "x"}}}}, verify.Thanos, ""},
		"no labels":        {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"thanos": map[string]any{}}}, verify.Thanos, "error: block-external: there are no external labels"},
		"downsampled":      {crafted{series: []craftedSeries{plainSeries()}, meta: map[string]any{"thanos": map[string]any{"downsample": map[string]any{"resolution": 300000}}}}, verify.Mimir, "error: block-downsampled: downsampled by Thanos, this system cannot read it: a sample is 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			folder := craft(t, dir, test.block)
			if test.block.name == "x" {
				dir = folder
			}
			found := verified(t, test.target, dir)
			if test.want == "" {
				assert.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			assert.Contains(t, strings.Join(found, "\n"), test.want)
			if name != "future" { // which is past midnight, too
				assert.Len(t, slices.Compact(codes(found)), 1, found)
			}
		})
	}
}

func TestVerifyDamage(t *testing.T) {
	b, dir, _, _ := overMidnight(t)
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
		found := verified(t, verify.Prometheus, dir)
		require.NotEmpty(t, found, file)
		assert.Contains(t, strings.Join(found, "\n"), change.want)
		require.NoError(t, os.Remove(path))
		if file != "tombstones" {
			assert.NotEmpty(t, verified(t, verify.Prometheus, dir), file)
		}
		require.NoError(t, os.WriteFile(path, good, 0o666))
	}
	assert.Empty(t, verified(t, verify.Prometheus, dir))
}

func TestVerifyTogether(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		theirBlock(t, dir, func(app storage.AppenderV2) {
			put(t, app, labels.FromStrings("__name__", "a"), noon, 1)
			put(t, app, labels.FromStrings("__name__", "a"), noon+1, 1)
		})
	}
	assert.Equal(t, []string{"block-overlap"}, codes(verified(t, verify.Prometheus, dir)))
	assert.Equal(t, []string{"block-overlap", "block-day-twice"}, codes(verified(t, verify.Mimir, dir)))
	assert.Contains(t, codes(verified(t, verify.Thanos, dir)), "block-overlap")

	names := listing(t, dir)
	block, err := promtsdb.OpenBlock(quiet, filepath.Join(dir, names[0]), nil, nil)
	require.NoError(t, err)
	require.NoError(t, block.Delete(t.Context(), noon, noon, labels.MustNewMatcher(labels.MatchEqual, "__name__", "a")))
	require.NoError(t, block.Close())
	assert.Contains(t, codes(verified(t, verify.Mimir, dir)), "block-deleted")
}

func TestVerifyLimit(t *testing.T) {
	var c crafted
	for i := range 10 {
		c.series = append(c.series, plainSeries("b", fmt.Sprint(i), "c", ""))
	}
	dir := craft(t, t.TempDir(), c)
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
