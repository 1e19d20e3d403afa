// Package blocks reads Prometheus TSDB blocks as a Prometheus storage, without writing
// to them.
//
// A [Set] holds the blocks that lie at some paths. [Open] finds them; given an earlier
// Set, it opens only those that are new. A selection copies its series out of the
// files, because a block may be cut or deleted while its series are in use. A block
// that cannot be read costs only itself: the answer has a [Warning].
//
// Series have the external labels of their block, which Thanos writes into its meta.json.
package blocks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/internal/diskspace"
)

// Warning says that a block, or a part of it, cannot be read.
type Warning struct {
	Dir string
	Err error
}

// Error names the block and the reason.
func (w *Warning) Error() string {
	return fmt.Sprintf("%s: %v; nothing of this block was used", w.Dir, w.Err)
}

// Unwrap returns the reason.
func (w *Warning) Unwrap() error { return w.Err }

// Block is a block of a Set.
type Block struct {
	Dir              string
	MinTime, MaxTime int64 // in milliseconds, the second exclusive
	Series, Samples  uint64
	Bytes            int64
}

// Set holds blocks that are open for reading. Several goroutines may use it.
type Set struct {
	blocks []*source // by ascending MinTime
	failed []*Warning
}

// source is an open block. Sets share it.
type source struct {
	Block
	id       identity
	index    *block.Index
	segments *block.Segments
	deleted  tombstones.Reader
	external labels.Labels // labels that Thanos shows on every series
	users    atomic.Int32  // Sets that hold it
}

// identity distinguishes a block from another one that takes its place.
type identity struct {
	dir         string
	size, stamp int64 // of meta.json
}

// Open opens the blocks that lie in paths and in the folders below them. It takes
// those that did not change from old, which may be nil and stays valid.
func Open(paths []string, old *Set) *Set {
	s := &Set{}
	found := map[string]*block.Meta{}
	for _, path := range paths {
		s.discover(path, found)
	}
	parents := map[ulid.ULID]bool{} // blocks of which another one was made
	for _, m := range found {
		for _, p := range m.Compaction.Parents {
			parents[p.ULID] = true
		}
	}
	for dir, m := range found {
		if m.Compaction.Deletable || parents[m.ULID] {
			continue
		}
		b, err := open(dir, m, old)
		if err != nil {
			s.failed = append(s.failed, &Warning{dir, err})
			continue
		}
		b.users.Add(1)
		s.blocks = append(s.blocks, b)
	}
	slices.SortFunc(s.blocks, func(a, b *source) int {
		if a.MinTime != b.MinTime {
			return int(min(max(a.MinTime-b.MinTime, -1), 1))
		}
		return strings.Compare(a.Dir, b.Dir)
	})
	slices.SortFunc(s.failed, func(a, b *Warning) int { return strings.Compare(a.Dir, b.Dir) })
	return s
}

// discover adds the blocks at and below a path to found. It does not follow links to
// folders, which may lead back.
func (s *Set) discover(path string, found map[string]*block.Meta) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return // the store of archives names paths that cannot be read
	}
	if isBlock(entries) {
		if m, err := block.ReadMeta(path); err != nil {
			s.failed = append(s.failed, &Warning{path, block.Reason(err)})
		} else {
			found[filepath.Clean(path)] = m
		}
		return
	}
	for _, e := range entries {
		if e.IsDir() && !unfinished(e.Name()) {
			s.discover(filepath.Join(path, e.Name()), found)
		}
	}
}

// isBlock reports whether a folder with these entries is a block.
func isBlock(entries []os.DirEntry) bool {
	has := func(name string, folder bool) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name && e.IsDir() == folder })
	}
	return has(block.MetaName, false) && has("index", false) && has("chunks", true)
}

// unfinished reports whether a folder is hidden, or is a block that Prometheus is
// writing or deleting.
func unfinished(name string) bool {
	id, suffix, _ := strings.Cut(name, ".")
	_, err := ulid.ParseStrict(id)
	return id == "" || err == nil && suffix != ""
}

// open opens a block, or takes it from old.
func open(dir string, m *block.Meta, old *Set) (*source, error) {
	info, err := os.Stat(filepath.Join(dir, block.MetaName))
	if err != nil {
		return nil, block.Reason(err)
	}
	id := identity{dir, info.Size(), info.ModTime().UnixNano()}
	if old != nil {
		for _, b := range old.blocks {
			if b.id == id {
				return b, nil
			}
		}
	}
	if m.Thanos.Resolution() > 0 {
		return nil, fmt.Errorf("downsampled by Thanos to %s; serve the block it was made of", m.Thanos.Resolution())
	}
	b := &source{
		id: id, external: m.Thanos.SeriesLabels(),
		Block: Block{
			Dir: dir, MinTime: m.MinTime, MaxTime: m.MaxTime, Series: m.Stats.Series, Samples: m.Stats.Samples,
			Bytes: diskspace.Files(dir) + diskspace.Files(filepath.Join(dir, "chunks")),
		},
	}
	if err := block.Guard(b.open); err != nil {
		_ = b.close()
		return nil, block.Reason(err)
	}
	return b, nil
}

// open opens the files of the block.
func (b *source) open() (err error) {
	if b.index, err = block.OpenIndex(b.Dir); err != nil {
		return err
	}
	if b.segments, err = block.OpenSegments(b.Dir); err != nil {
		return err
	}
	for _, err := range b.segments.Damaged() {
		return err
	}
	b.deleted, _, err = tombstones.ReadTombstones(b.Dir)
	return err
}

// close closes the files that are open.
func (b *source) close() (err error) {
	if b.index != nil {
		err = b.index.Close()
	}
	if b.segments != nil {
		err = errors.Join(err, b.segments.Close())
	}
	return err
}

// Blocks lists the blocks by ascending time.
func (s *Set) Blocks() []Block {
	all := make([]Block, len(s.blocks))
	for i, b := range s.blocks {
		all[i] = b.Block
	}
	return all
}

// Failed lists the blocks that cannot be opened.
func (s *Set) Failed() []*Warning { return s.failed }

// Same reports whether two Sets hold the same blocks. other may be nil.
func (s *Set) Same(other *Set) bool {
	return other != nil && slices.Equal(s.blocks, other.blocks) &&
		slices.EqualFunc(s.failed, other.failed, func(a, b *Warning) bool { return a.Error() == b.Error() })
}

// Close closes the blocks that no other Set holds. Nobody may use s after it.
func (s *Set) Close() error {
	var failed error
	for _, b := range s.blocks {
		if b.users.Add(-1) == 0 {
			failed = errors.Join(failed, b.close())
		}
	}
	return failed
}
