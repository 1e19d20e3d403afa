package wal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/dustin/go-humanize/english"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// Options are the options of [Open]. The zero value reads everything.
type Options struct {
	// Selectors select the series to read. Empty Selectors select all series.
	Selectors block.Selectors
	// Start and End are the first and the last time to read, in milliseconds.
	// Zero means no limit.
	Start, End int64
	// TempDir is the folder of the temporary file. If it is empty, the file is in
	// the system's folder.
	TempDir string
	// Report counts the samples that cannot be kept. It may be nil.
	Report *prom.Report
	// Damaged is called for each part of the log that cannot be read, with the path
	// of its file or folder. It may be nil.
	Damaged func(path string, err error)
	// Family is called for each metric family that the log describes. It may be nil.
	Family func(prom.Family)
}

// Log is a write-ahead log, packed by series. The caller must close it.
type Log struct {
	file     chunk.File
	lanes    []Lane
	min, max int64
	size     int64
}

// Lane is a list of chunks of one series. Their times ascend and do not overlap, and
// either all chunks hold exemplars or none does. A series has several lanes if its
// samples came out of order or have exemplars. The lanes with its exemplars come
// behind the others.
type Lane struct {
	Labels  labels.Labels
	Chunks  []Chunk
	Deleted tombstones.Intervals // the times whose samples were deleted
}

// Chunk locates a chunk of samples.
type Chunk struct {
	MinTime, MaxTime int64 // times of the first and the last sample, in milliseconds
	place            chunk.Place
}

// Open reads the logs in the data folder of a server: the last checkpoint, the
// segments of wal after it, and wbl, which holds late samples. It takes the samples
// that the server has written to blocks, too. Open fails if ctx ends or the temporary
// file cannot be written; it passes on other errors to o.Damaged.
func Open(ctx context.Context, dir string, o Options) (*Log, error) {
	o.Start, o.End = cmp.Or(o.Start, math.MinInt64), cmp.Or(o.End, math.MaxInt64)
	r, err := newReplayer(&o)
	if err != nil {
		return nil, err
	}
	defer r.segment.close()
	if err := r.replay(ctx, dir); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return &r.log, nil
}

// replay reads the segments of a data folder and packs their samples.
func (r *replayer) replay(ctx context.Context, dir string) error {
	for _, name := range []string{"wal", "wbl"} {
		paths := r.segments(filepath.Join(dir, name))
		for i, path := range paths {
			if err := r.readFile(ctx, path, i == len(paths)-1); err != nil {
				return err
			}
		}
	}
	if r.unknownRecords > 0 {
		r.damaged(dir, fmt.Errorf("left out %s of an unknown type", english.Plural(r.unknownRecords, "record", "")))
	}
	if r.unknownSeries > 0 {
		r.damaged(dir, fmt.Errorf("left out %s whose series the log does not declare", english.Plural(r.unknownSeries, "sample", "")))
	}
	return r.finish()
}

// Lanes returns the lanes of the log, ordered by labels.
func (l *Log) Lanes() []Lane { return l.lanes }

// Span returns the times of the first and the last sample, in milliseconds. They are
// valid if there are lanes.
func (l *Log) Span() (mint, maxt int64) { return l.min, l.max }

// Size returns the size of the files of the log in bytes.
func (l *Log) Size() int64 { return l.size }

// Load reads a chunk. The data is in buf, or in a larger buffer in its place. The
// encoding is [EncHistograms], [EncExemplars] or one of Prometheus' encodings.
func (l *Log) Load(c Chunk, buf []byte) (chunkenc.Encoding, []byte, error) {
	return l.file.Load(c.place, buf)
}

// Close removes the temporary file.
func (l *Log) Close() error { return l.file.Close() }
