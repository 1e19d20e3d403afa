package blocktest

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/stretchr/testify/require"
)

// Crafted describes a block, each part of which can be wrong.
type Crafted struct {
	Series []CraftedSeries
	Meta   map[string]any // fields of meta.json that replace the right ones
	Name   string         // name of the folder; empty for the block's ULID
}

// CraftedSeries is a series of a Crafted.
type CraftedSeries struct {
	Labels []string // names and values, written in this order
	Chunks []CraftedChunk
}

// CraftedChunk is a chunk of a CraftedSeries.
type CraftedChunk struct {
	Times            []int64
	MinTime, MaxTime int64 // times in the index; 0 for the first and the last of Times
	XOR2             bool
	Chunk            chunkenc.Chunk // replaces the chunk of Times; may be nil
}

// Craft writes a block into a folder in dir and returns that folder.
func Craft(t testing.TB, dir string, c Crafted) string {
	t.Helper()
	id := ulid.MustNew(uint64(Noon), bytes.NewReader(make([]byte, 16)))
	folder := filepath.Join(dir, id.String())
	if c.Name != "" {
		folder = filepath.Join(dir, c.Name)
	}
	require.NoError(t, os.MkdirAll(folder, 0o777))
	cw, err := chunks.NewWriter(filepath.Join(folder, "chunks"), chunks.WithSegmentSize(1<<20))
	require.NoError(t, err)
	iw, err := index.NewWriter(t.Context(), filepath.Join(folder, "index"))
	require.NoError(t, err)
	var symbols []string
	for _, s := range c.Series {
		symbols = append(symbols, s.Labels...)
	}
	slices.Sort(symbols)
	for _, s := range slices.Compact(symbols) {
		require.NoError(t, iw.AddSymbol(s))
	}
	mint, maxt, samples, total := int64(math.MaxInt64), int64(math.MinInt64), 0, 0
	for i, s := range c.Series {
		var b labels.ScratchBuilder
		for j := 0; j < len(s.Labels); j += 2 {
			b.Add(s.Labels[j], s.Labels[j+1])
		}
		var metas []chunks.Meta
		for _, chunk := range s.Chunks {
			var x chunkenc.Chunk = chunkenc.NewXORChunk()
			if chunk.XOR2 {
				x = chunkenc.NewXOR2Chunk()
			}
			app, err := x.Appender()
			require.NoError(t, err)
			for _, now := range chunk.Times {
				app.Append(0, now, 1)
			}
			if chunk.Chunk != nil {
				x = chunk.Chunk
			}
			m := chunks.Meta{Chunk: x, MinTime: chunk.MinTime, MaxTime: chunk.MaxTime}
			if m.MinTime == 0 {
				m.MinTime, m.MaxTime = chunk.Times[0], chunk.Times[len(chunk.Times)-1]
			}
			mint, maxt = min(mint, m.MinTime), max(maxt, m.MaxTime)
			samples += len(chunk.Times)
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
		"stats": map[string]any{"numSamples": samples, "numSeries": len(c.Series), "numChunks": total},
	}
	maps.Copy(meta, c.Meta)
	text, err := json.Marshal(meta)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "meta.json"), text, 0o666))
	return folder
}

// PlainSeries returns a series without faults. The pairs are names and values of labels.
func PlainSeries(pairs ...string) CraftedSeries {
	return CraftedSeries{Labels: append([]string{"__name__", "a"}, pairs...), Chunks: []CraftedChunk{{Times: []int64{Noon, Noon + 1000}}}}
}
