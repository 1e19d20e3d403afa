package read

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/internal/diskspace"
)

// blockSource is a block. Until open is called, it knows only the listing of the block's
// folder and meta.json.
type blockSource struct {
	dir   string
	meta  *block.Meta
	index *block.Index
	segs  *block.Segments
	read  func(int) // receives the number of chunk bytes that were read
	// finer holds the times that the Reader takes from blocks of a finer resolution.
	finer    tombstones.Intervals
	reported bool // whether an unknown chunk encoding was reported
	// external holds the labels that Thanos shows on every series.
	external labels.Labels
}

func (b *blockSource) path() string { return b.dir }

func (b *blockSource) span() (int64, int64) { return b.meta.MinTime, b.meta.MaxTime - 1 }

// open opens the block's files and adds a lane for each selected series.
func (b *blockSource) open(ctx context.Context, rd *reading, dst []lane) (_ []lane, err error) {
	selectors, ok := rd.selectors.Under(b.external)
	if !ok {
		return dst, nil
	}
	if b.index, err = block.OpenIndex(b.dir); err != nil {
		return dst, err
	}
	if b.segs, err = block.OpenSegments(b.dir); err != nil {
		return dst, err
	}
	deleted := b.tombstones(rd)
	err = block.Guard(func() error {
		p, err := b.index.Candidates(ctx, selectors)
		if err != nil {
			return fmt.Errorf("index: %w", err)
		}
		var builder labels.ScratchBuilder
		var metas []chunks.Meta
		for n := 0; p.Next(); n++ {
			if n%1024 == 0 && ctx.Err() != nil {
				return nil
			}
			ref := p.At()
			if err := b.index.Series(ref, &builder, &metas); err != nil {
				rd.damaged(b.dir, "", fmt.Errorf("index: entry of a series at %d: %w", b.index.SeriesAt(ref), err))
				continue
			}
			lset := builder.Labels()
			if len(metas) == 0 || !selectors.Select(lset) {
				continue
			}
			l := lane{source: b, id: rd.table.id(lset, b.external), at: metas[0].MinTime}
			l.list = b.index.ChunkList(ref)
			if l.deleted, err = deleted.Get(ref); err != nil {
				return err
			}
			for _, in := range b.finer {
				l.deleted = l.deleted.Add(in)
			}
			l.counts = b.meta.Thanos.Resolution() > 0 && isCounter(rd.table.all[l.id].prom)
			dst = append(dst, l)
		}
		if err := p.Err(); err != nil {
			return fmt.Errorf("index: %w", err)
		}
		return nil
	})
	return dst, err
}

// tombstones returns the deleted times of each series.
func (b *blockSource) tombstones(rd *reading) tombstones.Reader {
	var deleted tombstones.Reader
	err := block.Guard(func() (err error) {
		deleted, _, err = tombstones.ReadTombstones(b.dir)
		return err
	})
	if err != nil {
		rd.damaged(filepath.Join(b.dir, tombstones.TombstonesFilename), "", fmt.Errorf("deleted samples are read, too: %w", err))
		return tombstones.NewMemTombstones()
	}
	return deleted
}

// next reads the next entry in a lane's list of chunks.
func (b *blockSource) next(l *lane) (place, bool) {
	c, ok := b.index.NextChunk(&l.list)
	return place{c.MinTime, c.MaxTime, c.Ref}, ok
}

// load reads a chunk.
func (b *blockSource) load(p place, buf []byte) (chunkenc.Encoding, []byte, error) {
	enc, data, size, err := b.segs.Read(chunks.ChunkRef(p.ref), buf)
	b.read(size)
	return enc, data, err
}

// close frees the block's files.
func (b *blockSource) close() error {
	var err error
	if b.index != nil {
		err = b.index.Close()
	}
	if b.segs != nil {
		err = cmp.Or(err, b.segs.Close())
	}
	b.index, b.segs = nil, nil
	return err
}

func (b *blockSource) bytes() int64 { return diskspace.Files(filepath.Join(b.dir, "chunks")) }

// values adds the values that a label has in selected series.
func (b *blockSource) values(ctx context.Context, label string, selectors block.Selectors, into map[string]bool) error {
	return b.withIndex(selectors, func(x *block.Index, own block.Selectors) error {
		if v := b.external.Get(label); v != "" {
			err := x.Each(ctx, own, func(labels.Labels) error { return errEnough })
			if errors.Is(err, errEnough) {
				into[v] = true
				return nil
			}
			return err
		}
		if len(own) > 0 {
			return x.Each(ctx, own, func(lset labels.Labels) error {
				into[strings.Clone(lset.Get(label))] = true
				return nil
			})
		}
		return x.AddValues(ctx, label, into)
	})
}

// errEnough ends a search for any series.
var errEnough = errors.New("a series was found")

// each calls f with the own and the external labels of each selected series.
func (b *blockSource) each(ctx context.Context, selectors block.Selectors, f func(own, external labels.Labels) error) error {
	return b.withIndex(selectors, func(x *block.Index, own block.Selectors) error {
		return x.Each(ctx, own, func(lset labels.Labels) error { return f(lset.Copy(), b.external) })
	})
}

// withIndex calls f with the open index and the selectors of the block's own labels, unless
// no series can match.
func (b *blockSource) withIndex(selectors block.Selectors, f func(x *block.Index, own block.Selectors) error) error {
	own, ok := selectors.Under(b.external)
	if !ok {
		return nil
	}
	x, err := block.OpenIndex(b.dir)
	if err != nil {
		return err
	}
	err = block.Guard(func() error { return f(x, own) })
	return errors.Join(err, x.Close())
}
