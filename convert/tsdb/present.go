package tsdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Kept is a window that was not written, as the folder has a block of it.
type Kept struct {
	Block            // that is there
	From, To   int64 // of the samples that were not written, To exclusive
	Finished   bool  // the block has all of them and nothing else: an earlier run wrote it
	Common     int   // else how many series are in both
	FirstMatch string
}

// present looks for a block that keeps one from being written: one that is the
// same, or one with samples of the same series in the same time. Both would hold
// samples twice, and which to delete is not for us to say.
func (b *Blocks) present(block *Block) (*Kept, error) {
	if !b.looked { // what comes later is our own, of other windows
		var err error
		if b.before, err = Overlapping(b.dir, math.MinInt64, math.MaxInt64); err != nil {
			return nil, err
		}
		b.looked = true
	}
	others := slices.DeleteFunc(slices.Clone(b.before), func(o Block) bool {
		return o.MaxTime <= block.MinTime || o.MinTime >= block.MaxTime
	})
	for _, other := range others {
		if other.Content == block.Content && other.MinTime == block.MinTime && other.MaxTime == block.MaxTime {
			return &Kept{Block: other, From: block.MinTime, To: block.MaxTime, Finished: true}, nil
		}
	}
	for _, other := range others {
		n, first, err := b.common(other.Dir)
		if err != nil {
			return nil, fmt.Errorf("block %s: %w", other.Dir, err)
		}
		if n > 0 {
			return &Kept{Block: other, From: block.MinTime, To: block.MaxTime, Common: n, FirstMatch: first}, nil
		}
	}
	return nil, nil
}

// common counts the live series that a block has, too.
func (b *Blocks) common(dir string) (n int, first string, err error) {
	r, err := index.NewFileReader(filepath.Join(dir, "index"), index.DecodePostingsRaw)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	ours := make(map[uint64][]labels.Labels, len(b.live))
	for _, e := range b.live {
		h := e.lset.Hash()
		ours[h] = append(ours[h], e.lset)
	}
	name, value := index.AllPostingsKey()
	postings, err := r.Postings(context.Background(), name, value)
	if err != nil {
		return 0, "", err
	}
	var builder labels.ScratchBuilder
	for postings.Next() {
		if err := r.Series(postings.At(), &builder, nil); err != nil {
			return 0, "", err
		}
		theirs := builder.Labels()
		for _, lset := range ours[theirs.Hash()] {
			if labels.Equal(lset, theirs) {
				if n++; n == 1 {
					first = lset.String()
				}
			}
		}
	}
	return n, first, postings.Err()
}

// Overlapping returns the blocks in a folder that have time from mint to before
// maxt, by their start. A folder that is not there has none.
func Overlapping(dir string, mint, maxt int64) ([]Block, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Block
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
		if m.MaxTime <= mint || m.MinTime >= maxt {
			continue
		}
		block := Block{ULID: id, Dir: path, MinTime: m.MinTime, MaxTime: m.MaxTime,
			Series: m.Stats.Series, Chunks: m.Stats.Chunks, Samples: m.Stats.Samples, Content: m.content()}
		found = append(found, block)
	}
	slices.SortFunc(found, func(x, y Block) int { return cmp.Or(cmp.Compare(x.MinTime, y.MinTime), x.ULID.Compare(y.ULID)) })
	return found, nil
}
