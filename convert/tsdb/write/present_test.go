package write_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// writeInto writes n samples of each named series into a folder.
func writeInto(t *testing.T, dir string, start int64, n int, names ...string) *write.Blocks {
	t.Helper()
	b, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	for id, name := range names {
		s := blocktest.NewSeries(id, name, "a")
		for i := range n {
			require.NoError(t, sinktest.Put(b, s, start+int64(i), float64(i)))
		}
	}
	require.NoError(t, sinktest.Finish(b))
	return b
}

func TestWhatIsThereIsNotWrittenAgain(t *testing.T) {
	for name, test := range map[string]struct {
		start    int64
		n        int
		names    []string
		written  int // beside the first
		finished bool
		common   int
	}{
		"the same":            {blocktest.Noon, 300, []string{"x", "y"}, 0, true, 0},
		"less of the series":  {blocktest.Noon, 299, []string{"x", "y"}, 0, true, 0},
		"fewer series":        {blocktest.Noon, 300, []string{"y"}, 0, true, 0},
		"another series, too": {blocktest.Noon, 300, []string{"x", "z"}, 0, false, 1},
		"more, but later":     {blocktest.Noon + 1, 400, []string{"x", "y"}, 0, false, 2},
		"more of one, no y":   {blocktest.Noon, 400, []string{"x", "z"}, 0, false, 1},
		"other series":        {blocktest.Noon, 300, []string{"z"}, 1, false, 0},
		"another time":        {blocktest.Noon + 300, 300, []string{"x", "y"}, 1, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			first := writeInto(t, dir, blocktest.Noon, 300, "x", "y")
			require.Len(t, first.Written(), 1)
			require.Empty(t, first.Kept())
			b := writeInto(t, dir, test.start, test.n, test.names...)
			assert.Len(t, b.Written(), test.written)
			assert.Empty(t, b.Replaced())
			assert.Len(t, blocktest.Listing(t, dir), 1+test.written, "nothing else is there")
			if test.written > 0 {
				assert.Empty(t, b.Kept())
				return
			}
			require.Len(t, b.Kept(), 1)
			kept := b.Kept()[0]
			assert.Equal(t, first.Written()[0].ULID, kept.ULID)
			assert.Equal(t, test.start, kept.From)
			assert.Equal(t, test.start+int64(test.n), kept.To)
			assert.Equal(t, test.finished, kept.Finished)
			assert.Equal(t, test.common, kept.Common)
			if !test.finished {
				assert.Contains(t, kept.FirstMatch, `__name__="x"`)
			}
		})
	}
}

// A day that was exported before it was over is exported whole later: the block
// that has all of the earlier one takes its place, also of several.
func TestGrownBlockReplaces(t *testing.T) {
	for name, test := range map[string]struct {
		n     int
		names []string
	}{
		"more samples":     {301, []string{"x", "y"}},
		"another series":   {300, []string{"x", "y", "z"}},
		"before and after": {400, []string{"w", "x", "y", "z"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old := append(writeInto(t, dir, blocktest.Noon, 300, "x").Written(), writeInto(t, dir, blocktest.Noon, 300, "y").Written()...)
			b := writeInto(t, dir, blocktest.Noon, test.n, test.names...)
			assert.Empty(t, b.Kept())
			require.Len(t, b.Written(), 1)
			var gone []string
			for _, o := range b.Replaced() {
				gone = append(gone, o.Dir)
			}
			assert.ElementsMatch(t, []string{old[0].Dir, old[1].Dir}, gone)
			assert.Equal(t, []string{b.Written()[0].ULID.String()}, blocktest.Listing(t, dir))
		})
	}
}

// A run that was stopped between writing a block and removing those that it has
// all of leaves both; the next one removes them.
func TestReplacementIsFinishedLater(t *testing.T) {
	dir, whole := t.TempDir(), t.TempDir()
	part := writeInto(t, dir, blocktest.Noon, 300, "x").Written()[0]
	day := writeInto(t, whole, blocktest.Noon, 301, "x", "y").Written()[0]
	require.NoError(t, os.Rename(day.Dir, filepath.Join(dir, day.ULID.String())))
	b := writeInto(t, dir, blocktest.Noon, 301, "x", "y")
	assert.Empty(t, b.Written())
	require.Len(t, b.Kept(), 1)
	assert.True(t, b.Kept()[0].Finished)
	assert.Equal(t, day.ULID, b.Kept()[0].ULID)
	require.Len(t, b.Replaced(), 1)
	assert.Equal(t, part.ULID, b.Replaced()[0].ULID)
	assert.Equal(t, []string{day.ULID.String()}, blocktest.Listing(t, dir))
}

// A block that somebody else wrote is never removed, nor is one of other
// external labels: that they have as many samples says nothing.
func TestForeignBlockStays(t *testing.T) {
	for name, change := range map[string]func(meta map[string]any){
		"of a server":            func(meta map[string]any) { delete(meta["compaction"].(map[string]any), "hints") },
		"of other external ones": func(meta map[string]any) { meta["thanos"] = map[string]any{"labels": map[string]string{"dc": "a"}} },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old := writeInto(t, dir, blocktest.Noon, 300, "x").Written()[0]
			path := filepath.Join(old.Dir, "meta.json")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			var meta map[string]any
			require.NoError(t, json.Unmarshal(text, &meta))
			change(meta)
			text, err = json.Marshal(meta)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, text, 0o666))
			for _, n := range []int{300, 301} {
				b := writeInto(t, dir, blocktest.Noon, n, "x")
				assert.Empty(t, b.Written())
				require.Len(t, b.Kept(), 1)
				assert.False(t, b.Kept()[0].Finished)
				assert.Equal(t, 1, b.Kept()[0].Common)
			}
			assert.Equal(t, []string{old.ULID.String()}, blocktest.Listing(t, dir))
		})
	}
}

// A block of an earlier run that is damaged is named, or compared as far as what
// it holds tells; nothing of it is trusted.
func TestDamagedNeighbour(t *testing.T) {
	dir := t.TempDir()
	old := writeInto(t, dir, blocktest.Noon, 3, "x").Written()[0]
	for _, file := range []string{"index", "chunks/000001"} {
		path := filepath.Join(old.Dir, filepath.FromSlash(file))
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for i := 0; i < len(whole); i += 13 {
			spoilt := slices.Clone(whole)
			spoilt[i] ^= 0xff
			require.NoError(t, os.WriteFile(path, spoilt, 0o666))
			b, err := write.NewBlocks(dir, write.Options{})
			require.NoError(t, err)
			require.NoError(t, sinktest.Put(b, blocktest.NewSeries(0, "x", "a"), blocktest.Noon+5, 1))
			if err := sinktest.Finish(b); err != nil {
				assert.ErrorContains(t, err, old.Dir)
			}
			for _, block := range b.Written() {
				require.NoError(t, os.RemoveAll(block.Dir))
			}
			require.DirExists(t, old.Dir, "byte %d of %s", i, file)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o666))
	}
}

// A folder whose meta.json cannot be read may overlap: that is said, not guessed.
func TestUnreadableNeighbour(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "meta.json")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o666))
	b, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	require.NoError(t, sinktest.Put(b, blocktest.NewSeries(0, "x", "a"), blocktest.Noon, 1))
	require.ErrorContains(t, sinktest.Finish(b), "meta.json")
	assert.Len(t, blocktest.Listing(t, dir), 1)
}

func TestThanosSection(t *testing.T) {
	dir := t.TempDir()
	b, err := write.NewBlocks(dir, write.Options{External: map[string]string{"cluster": "a"}})
	require.NoError(t, err)
	require.NoError(t, sinktest.Put(b, blocktest.NewSeries(0, "x", "a"), blocktest.Noon, 1))
	require.NoError(t, sinktest.Finish(b))
	block := b.Written()[0]
	var meta struct {
		Thanos struct {
			Version    int
			Labels     map[string]string
			Downsample map[string]int64
			Source     string
			Files      []struct {
				Path string `json:"rel_path"`
				Size int64  `json:"size_bytes"`
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(block.Dir, "meta.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &meta))
	assert.Equal(t, 1, meta.Thanos.Version)
	assert.Equal(t, map[string]string{"cluster": "a"}, meta.Thanos.Labels)
	assert.Equal(t, map[string]int64{"resolution": 0}, meta.Thanos.Downsample)
	assert.Equal(t, "pcparchive", meta.Thanos.Source)
	require.Len(t, meta.Thanos.Files, 3)
	for i, name := range []string{"chunks/000001", "index"} {
		info, err := os.Stat(filepath.Join(block.Dir, name))
		require.NoError(t, err)
		assert.Equal(t, name, meta.Thanos.Files[i].Path)
		assert.Equal(t, info.Size(), meta.Thanos.Files[i].Size)
	}
	assert.Equal(t, "meta.json", meta.Thanos.Files[2].Path)
	assert.Zero(t, meta.Thanos.Files[2].Size)
	for _, target := range []verify.Target{verify.Thanos, verify.Mimir} {
		for f := range verify.Run(t.Context(), []string{block.Dir}, verify.Options{Target: target, Min: finding.Error}) {
			assert.Fail(t, string(target), f.Message)
		}
	}
}
