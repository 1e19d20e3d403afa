package read

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// discover adds the blocks and the write-ahead log at a path.
func (r *Reader) discover(ctx context.Context, path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	if names[block.MetaName] || names["index"] && names["chunks"] {
		if b := r.block(path); b != nil {
			r.add(b)
		}
		return nil
	}
	found := r.blocks(path, entries)
	if names["wal"] || names["wbl"] {
		found = true
		if err := r.addLog(ctx, path); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s: neither a block nor a folder of blocks or of a Prometheus server's data: %w", path, fs.ErrNotExist)
	}
	return nil
}

// blocks adds the blocks in a folder. It leaves out a block from which another one was
// compacted: a server that stops before it deletes the first leaves both. blocks reports
// whether the folder has a subfolder named like a block.
func (r *Reader) blocks(path string, entries []os.DirEntry) bool {
	var all []*blockSource
	found := false
	parents := map[ulid.ULID]bool{}
	for _, e := range entries {
		dir := filepath.Join(path, e.Name())
		id, _, _ := strings.Cut(e.Name(), ".")
		if _, err := ulid.ParseStrict(id); err != nil || !e.IsDir() {
			continue
		}
		found = true
		if id != e.Name() {
			r.damaged(dir, "", errors.New("left out: a block that was being written or deleted"))
			continue
		}
		b := r.block(dir)
		if b == nil {
			continue
		}
		all = append(all, b)
		for _, p := range b.meta.Compaction.Parents {
			parents[p.ULID] = true
		}
	}
	for _, b := range withFiner(all) {
		if !parents[b.meta.ULID] && !b.meta.Compaction.Deletable {
			r.add(b)
		}
	}
	return found
}

// block returns the block in a folder. It returns nil if the block's meta.json is missing
// or wrong.
func (r *Reader) block(dir string) *blockSource {
	m, err := block.ReadMeta(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("left out: a block without meta.json is not complete")
	case err == nil && m.MinTime >= m.MaxTime:
		err = fmt.Errorf("left out: meta.json: it ends at %s, before it begins", block.FormatTime(m.MaxTime))
	}
	if err != nil {
		r.damaged(dir, "", err)
		return nil
	}
	return &blockSource{dir: dir, meta: m, external: m.Thanos.SeriesLabels(), read: func(n int) { r.done.Add(int64(n)) }}
}

// withFiner sets the field finer of downsampled blocks: a bucket of Thanos keeps the same
// time at several resolutions. It leaves out a block whose whole time other blocks cover
// at a finer resolution.
func withFiner(all []*blockSource) []*blockSource {
	var kept []*blockSource
	for _, b := range all {
		for _, other := range all {
			if other.meta.Thanos.Resolution() < b.meta.Thanos.Resolution() && maps.Equal(other.meta.Thanos.ExternalLabels(), b.meta.Thanos.ExternalLabels()) {
				mint, maxt := other.span()
				b.finer = b.finer.Add(tombstones.Interval{Mint: mint, Maxt: maxt})
			}
		}
		mint, maxt := b.span()
		if !(tombstones.Interval{Mint: mint, Maxt: maxt}).IsSubrange(b.finer) {
			kept = append(kept, b)
		}
	}
	return kept
}

// add adds a block to the sources, with its metadata.
func (r *Reader) add(b *blockSource) {
	r.sources = append(r.sources, b)
	if res := b.meta.Thanos.Resolution(); res > 0 {
		r.opts.Report.Add(prom.LossDownsampled, fmt.Sprintf("%s (%s)", b.dir, res))
	}
	if err := r.catalog.Add(b.dir, b.meta.MinTime); err != nil {
		r.damaged(b.dir, "", fmt.Errorf("names and types of metrics: %w", err))
	}
}
