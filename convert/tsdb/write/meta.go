package write

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// Block describes a complete block.
type Block struct {
	ULID    ulid.ULID
	Dir     string // path of the block's folder
	MinTime int64  // time of the first sample in milliseconds
	MaxTime int64  // time of the last sample plus one millisecond
	Series  uint64
	Chunks  uint64
	Samples uint64 // number of samples, including Histograms
	Bytes   int64  // size of all files

	Histograms uint64 // number of native histograms

	Content string // SHA-256 of labels and chunks in hexadecimal; empty if unknown
}

// metaFile is meta.json, version 1.
type metaFile struct {
	ULID       ulid.ULID  `json:"ulid"`
	MinTime    int64      `json:"minTime"`
	MaxTime    int64      `json:"maxTime"`
	Stats      stats      `json:"stats"`
	Compaction compaction `json:"compaction"`
	Version    int        `json:"version"`
	Thanos     *thanos    `json:"thanos,omitempty"`
}

// thanos is the section of meta.json that Thanos wants in an uploaded block. Mimir wants
// the list of files, which its uploader adds, and no labels.
type thanos struct {
	Version    int               `json:"version"`
	Labels     map[string]string `json:"labels"`
	Downsample downsample        `json:"downsample"`
	Source     string            `json:"source"`
	Files      []thanosFile      `json:"files"`
}

type downsample struct {
	Resolution int64 `json:"resolution"`
}

// thanosFile is a file of a block. The entry of meta.json has no size.
type thanosFile struct {
	Path string `json:"rel_path"`
	Size int64  `json:"size_bytes,omitempty"`
}

type stats struct {
	Samples      uint64 `json:"numSamples"`
	FloatSamples uint64 `json:"numFloatSamples"`
	Histograms   uint64 `json:"numHistogramSamples,omitempty"`
	Series       uint64 `json:"numSeries"`
	Chunks       uint64 `json:"numChunks"`
}

// compaction says how a block was made. A block of level 1 was not merged from others and
// is its own source. Hints are notes of the writer.
type compaction struct {
	Level   int         `json:"level"`
	Sources []ulid.ULID `json:"sources"`
	Hints   []string    `json:"hints,omitempty"`
}

// contentHint begins the hint with the hash of a block's contents. A later run uses it to
// recognize a block that it need not write again.
const contentHint = "pcparchive-sha256:"

// content returns the hash of the hint, or "" if there is no hint.
func (m *metaFile) content() string {
	for _, h := range m.Compaction.Hints {
		if content, ok := strings.CutPrefix(h, contentHint); ok {
			return content
		}
	}
	return ""
}

// count adds a series with the given chunks to the numbers of the block.
func (b *Block) count(metas []chunks.Meta) {
	mint, maxt := metas[0].MinTime, metas[len(metas)-1].MaxTime+1
	if b.Series == 0 {
		b.MinTime, b.MaxTime = mint, maxt
	}
	b.MinTime, b.MaxTime = min(b.MinTime, mint), max(b.MaxTime, maxt)
	b.Series++
	b.Chunks += uint64(len(metas))
	for _, m := range metas {
		n := uint64(m.Chunk.NumSamples())
		b.Samples += n
		if m.Chunk.Encoding() != chunkenc.EncXOR {
			b.Histograms += n
		}
	}
}

// writeMeta writes meta.json. It has a section for Thanos if there are external labels.
func (b *Block) writeMeta(dir string, external map[string]string) error {
	m := metaFile{
		ULID: b.ULID, MinTime: b.MinTime, MaxTime: b.MaxTime,
		Stats:      stats{b.Samples, b.Samples - b.Histograms, b.Histograms, b.Series, b.Chunks},
		Compaction: compaction{Level: 1, Sources: []ulid.ULID{b.ULID}, Hints: []string{contentHint + b.Content}},
		Version:    1,
	}
	if len(external) > 0 {
		files, err := thanosFiles(dir)
		if err != nil {
			return err
		}
		m.Thanos = &thanos{Version: 1, Labels: external, Source: "pcparchive", Files: files}
	}
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, block.MetaName))
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// thanosFiles lists the files of a block that Thanos needs: the index, the chunks and
// meta.json.
func thanosFiles(dir string) ([]thanosFile, error) {
	segments, err := os.ReadDir(filepath.Join(dir, "chunks"))
	if err != nil {
		return nil, err
	}
	names := []string{"index"}
	for _, s := range segments {
		names = append(names, "chunks/"+s.Name())
	}
	slices.Sort(names)
	files := make([]thanosFile, 0, len(names)+1)
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		files = append(files, thanosFile{name, info.Size()})
	}
	return append(files, thanosFile{Path: block.MetaName}), nil
}

// readMetaFile reads the meta.json of a block.
func readMetaFile(dir string) (*metaFile, error) {
	path := filepath.Join(dir, block.MetaName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &metaFile{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
