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

// Kept is a window that was not written, as the folder has a block of it.
type Kept struct {
	Block             // that is there
	From, To   int64  // of the samples that were not written, To exclusive
	Finished   bool   // the block has all of them: an earlier run wrote it
	Common     int    // else how many series are in both
	FirstMatch string // of these
}

// neighbour is a block that the folder had.
type neighbour struct {
	Block
	external map[string]string
}

// present looks for what the folder has of a block that is written to dir. A
// block that an earlier run wrote and that the new one has all of is to be
// replaced by it. What keeps the new one from being written is a block that has
// all of it, or one that has some of its series in the same time: both would
// hold samples twice, and which of them to delete is not for us to say. If the
// block that has all is finished, what is to be replaced is what a run left that
// was stopped before it removed it.
func (b *Blocks) present(block *Block, dir string) (kept *Kept, replaced []Block, err error) {
	if !b.looked { // what comes later is our own, of other windows
		if b.before, err = neighbours(b.dir); err != nil {
			return nil, nil, err
		}
		b.looked = true
	}
	var finished *Kept
	for _, other := range b.before {
		if other.MaxTime <= block.MinTime || other.MinTime >= block.MaxTime {
			continue
		}
		keep := &Kept{Block: other.Block, From: block.MinTime, To: block.MaxTime}
		alike := other.Content != "" && maps.Equal(other.external, b.external)
		if alike && other.Content == block.Content && other.MinTime == block.MinTime && other.MaxTime == block.MaxTime {
			keep.Finished, finished = true, keep
			continue
		}
		r, err := relate(dir, other.Dir, alike)
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

// replace removes blocks that another one has all of. Their folders get a name
// that is no block's first, so that none is seen half.
func (b *Blocks) replace(old []Block) (err error) {
	b.replaced = append(b.replaced, old...)
	for _, o := range old {
		gone := o.Dir + unwanted
		if e := fileutil.Rename(o.Dir, gone); e != nil {
			err = errors.Join(err, e)
			continue
		}
		err = errors.Join(err, os.RemoveAll(gone))
	}
	return err
}

// Overlapping returns the blocks in a folder that have time from mint to before
// maxt, by their start. A folder that is not there has none.
func Overlapping(dir string, mint, maxt int64) ([]Block, error) {
	all, err := neighbours(dir)
	var found []Block
	for _, n := range all {
		if n.MaxTime > mint && n.MinTime < maxt {
			found = append(found, n.Block)
		}
	}
	return found, err
}

// neighbours returns the blocks in a folder by their start.
func neighbours(dir string) ([]neighbour, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []neighbour
	for _, e := range entries {
		id, err := ulid.ParseStrict(e.Name())
		if err != nil || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		m, err := readMetaFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // not a block, or not whole
		}
		if err != nil {
			return nil, err
		}
		n := neighbour{Block: Block{ULID: id, Dir: path, MinTime: m.MinTime, MaxTime: m.MaxTime,
			Series: m.Stats.Series, Chunks: m.Stats.Chunks, Samples: m.Stats.Samples, Content: m.content()}}
		if m.Thanos != nil {
			n.external = m.Thanos.Labels
		}
		found = append(found, n)
	}
	slices.SortFunc(found, func(x, y neighbour) int { return cmp.Or(cmp.Compare(x.MinTime, y.MinTime), x.ULID.Compare(y.ULID)) })
	return found, nil
}
