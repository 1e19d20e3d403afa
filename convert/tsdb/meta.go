package tsdb

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// Block is a block that was written.
type Block struct {
	ULID    ulid.ULID
	Dir     string
	MinTime int64 // of the first sample, in milliseconds
	MaxTime int64 // after the last sample: one millisecond more
	Series  uint64
	Chunks  uint64
	Samples uint64
	Bytes   int64 // of all files
}

// metaFile is meta.json, version 1.
type metaFile struct {
	ULID       ulid.ULID  `json:"ulid"`
	MinTime    int64      `json:"minTime"`
	MaxTime    int64      `json:"maxTime"`
	Stats      stats      `json:"stats"`
	Compaction compaction `json:"compaction"`
	Version    int        `json:"version"`
}

type stats struct {
	Samples      uint64 `json:"numSamples"`
	FloatSamples uint64 `json:"numFloatSamples"`
	Series       uint64 `json:"numSeries"`
	Chunks       uint64 `json:"numChunks"`
}

// compaction tells where a block comes from: level 1 is one that was not merged
// from others and so is its own source.
type compaction struct {
	Level   int         `json:"level"`
	Sources []ulid.ULID `json:"sources"`
}

// count adds a series with these chunks.
func (b *Block) count(metas []chunks.Meta) {
	mint, maxt := metas[0].MinTime, metas[len(metas)-1].MaxTime+1
	if b.Series == 0 {
		b.MinTime, b.MaxTime = mint, maxt
	}
	b.MinTime, b.MaxTime = min(b.MinTime, mint), max(b.MaxTime, maxt)
	b.Series++
	b.Chunks += uint64(len(metas))
	for _, m := range metas {
		b.Samples += uint64(m.Chunk.NumSamples())
	}
}

// writeMeta writes meta.json.
func (b *Block) writeMeta(dir string) error {
	text, err := json.MarshalIndent(metaFile{
		ULID: b.ULID, MinTime: b.MinTime, MaxTime: b.MaxTime,
		Stats:      stats{b.Samples, b.Samples, b.Series, b.Chunks},
		Compaction: compaction{Level: 1, Sources: []ulid.ULID{b.ULID}},
		Version:    1,
	}, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "meta.json"))
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}
