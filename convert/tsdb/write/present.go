package write

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// Kept is a window that was not written because the folder has a block of its time.
type Kept struct {
	Block             // the block in the folder
	From, To   int64  // the time of the samples that were not written; To is exclusive
	Finished   bool   // the block has all of these samples: an earlier run wrote it
	Common     int    // if Finished is false, the number of series that both have
	FirstMatch string // the first of these series
}

// existingBlock is a block that the folder had before.
type existingBlock struct {
	Block
	external map[string]string
}

// findExisting compares the new block in dir with the blocks in the folder.
//
// It returns Kept if an existing block has all samples of the new one, or has some of its
// series in the same time. In the second case both blocks together would hold samples
// twice, and only the user can say which of them to delete.
//
// It also returns the blocks to replace: those that an earlier run wrote and whose samples
// are all in the new block. If Kept is finished, an earlier run was stopped before it
// removed them.
func (b *Blocks) findExisting(block *Block, dir string) (kept *Kept, replaced []Block, err error) {
	if !b.hasExisting { // blocks that appear later are our own and of other windows
		if b.existing, err = existingBlocks(b.dir); err != nil {
			return nil, nil, err
		}
		b.hasExisting = true
	}
	var finished *Kept
	for _, other := range b.existing {
		if other.MaxTime <= block.MinTime || other.MinTime >= block.MaxTime {
			continue
		}
		keep := &Kept{Block: other.Block, From: block.MinTime, To: block.MaxTime}
		alike := other.Content != "" && maps.Equal(other.external, b.external)
		if alike && other.Content == block.Content && other.MinTime == block.MinTime && other.MaxTime == block.MaxTime {
			keep.Finished, finished = true, keep
			continue
		}
		r, err := compareBlocks(dir, other.Dir, alike, b.ctxErr)
		switch {
		case err != nil:
			return nil, nil, err
		case r.common == 0:
		case r.ours:
			replaced = append(replaced, other.Block)
		case r.theirs:
			keep.Finished, finished = true, keep
		default:
			keep.Common, keep.FirstMatch = r.common, r.first
			kept = cmp.Or(kept, keep)
		}
	}
	return cmp.Or(finished, kept), replaced, nil
}

// replace removes blocks whose samples are all in another block. It renames each folder
// first, so that no reader finds a block with some files missing.
func (b *Blocks) replace(old []Block) (err error) {
	b.replaced = append(b.replaced, old...)
	for _, o := range old {
		gone := o.Dir + removedSuffix
		if e := fileutil.Rename(o.Dir, gone); e != nil {
			err = errors.Join(err, e)
			continue
		}
		err = errors.Join(err, os.RemoveAll(gone))
	}
	return err
}

// Overlapping returns the blocks in a folder that overlap the time from mint to before
// maxt, ordered by their start. A folder that does not exist has no blocks.
func Overlapping(dir string, mint, maxt int64) ([]Block, error) {
	all, err := existingBlocks(dir)
	var found []Block
	for _, n := range all {
		if n.MaxTime > mint && n.MinTime < maxt {
			found = append(found, n.Block)
		}
	}
	return found, err
}

// existingBlocks returns the blocks in a folder, ordered by their start.
func existingBlocks(dir string) ([]existingBlock, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []existingBlock
	for _, e := range entries {
		id, err := ulid.ParseStrict(e.Name())
		if err != nil || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		m, err := readMetaFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // not a block, or an incomplete one
		}
		if err != nil {
			return nil, err
		}
		n := existingBlock{Block: Block{ULID: id, Dir: path, MinTime: m.MinTime, MaxTime: m.MaxTime,
			Series: m.Stats.Series, Chunks: m.Stats.Chunks, Samples: m.Stats.Samples, Content: m.content()}}
		if m.Thanos != nil {
			n.external = m.Thanos.Labels
		}
		found = append(found, n)
	}
	slices.SortFunc(found, func(x, y existingBlock) int { return cmp.Or(cmp.Compare(x.MinTime, y.MinTime), x.ULID.Compare(y.ULID)) })
	return found, nil
}
