package block

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"
)

// MetaName is the name of the file that makes a folder a block.
const MetaName = "meta.json"

// Meta has the fields of a meta.json that readers need, whichever program wrote it.
type Meta struct {
	ULID       ulid.ULID `json:"ulid"`
	MinTime    int64     `json:"minTime"` // milliseconds since 1970
	MaxTime    int64     `json:"maxTime"` // exclusive
	Version    int       `json:"version"`
	Compaction struct {
		Deletable bool `json:"deletable"`
		Parents   []struct {
			ULID ulid.ULID `json:"ulid"`
		} `json:"parents"`
	} `json:"compaction"`
	Stats struct {
		Samples    uint64 `json:"numSamples"`
		Floats     uint64 `json:"numFloatSamples"`
		Histograms uint64 `json:"numHistogramSamples"`
		Series     uint64 `json:"numSeries"`
		Chunks     uint64 `json:"numChunks"`
	} `json:"stats"`
	Thanos *Thanos `json:"thanos"` // nil if the file has no such section
}

// Thanos is the section of a meta.json that Thanos adds. Methods accept a nil
// *Thanos.
type Thanos struct {
	Version    int               `json:"version"`
	Labels     map[string]string `json:"labels"`
	Downsample struct {
		Resolution int64 `json:"resolution"` // in milliseconds
	} `json:"downsample"`
}

// ExternalLabels returns the labels that apply to all series of the block.
func (t *Thanos) ExternalLabels() map[string]string {
	if t == nil {
		return nil
	}
	return t.Labels
}

// Resolution returns the length of time that a sample of a downsampled block summarizes.
// It returns 0 for other blocks.
func (t *Thanos) Resolution() time.Duration {
	if t == nil {
		return 0
	}
	return time.Duration(t.Downsample.Resolution) * time.Millisecond
}

// ReadMeta reads the meta.json of the block in dir.
func ReadMeta(dir string) (*Meta, error) {
	text, err := os.ReadFile(filepath.Join(dir, MetaName))
	if err != nil {
		return nil, err
	}
	m := &Meta{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("meta.json: %w", err)
	}
	if m.Version != 1 {
		return nil, fmt.Errorf("meta.json: unknown version %d", m.Version)
	}
	return m, nil
}
