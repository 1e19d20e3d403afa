package write

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
	"github.com/pcparchive/pcparchive/internal/dirsync"
)

// writeBlock writes the live series, whose batches are packed. It returns an empty Block
// if a block in the folder keeps the new one from being written.
func (b *Blocks) writeBlock() (Block, error) {
	id, err := ulid.New(ulid.Timestamp(time.Now()), rand.Reader)
	if err != nil {
		return Block{}, err
	}
	block := Block{ULID: id, Dir: filepath.Join(b.dir, id.String())}
	tmp := block.Dir + unfinishedSuffix
	if err := b.fill(&block, tmp); err != nil {
		return Block{}, errors.Join(fmt.Errorf("block %s: %w", id, err), os.RemoveAll(tmp))
	}
	kept, replaced, err := b.findExisting(&block, tmp)
	switch {
	case err != nil:
		return Block{}, errors.Join(fmt.Errorf("block %s: %w", id, err), os.RemoveAll(tmp))
	case kept != nil:
		b.kept = append(b.kept, *kept)
		err = os.RemoveAll(tmp)
		if kept.Finished {
			err = errors.Join(err, b.replace(replaced))
		}
		return Block{}, err
	}
	if err := cmp.Or(b.ctxErr(), unmarkOwn(tmp)); err != nil {
		return Block{}, errors.Join(fmt.Errorf("block %s: %w", id, err), os.RemoveAll(tmp))
	}
	if err := fileutil.Rename(tmp, block.Dir); err != nil {
		return Block{}, errors.Join(fmt.Errorf("block %s: %w", id, err), os.RemoveAll(tmp))
	}
	return block, b.replace(replaced)
}

// fill writes a block in the folder tmp.
func (b *Blocks) fill(block *Block, tmp string) error {
	return b.inTurn(
		func() error { return errors.Join(os.Mkdir(tmp, 0o777), markOwn(tmp)) },
		func() error { return b.writeSeries(block, tmp) },
		func() error {
			if b.noSidecar {
				return nil
			}
			return sidecar.Write(tmp, block.MinTime, b.describedSeries())
		},
		func() error { return block.writeMeta(tmp, b.external) },
		func() error {
			_, err := tombstones.WriteFile(slog.New(slog.DiscardHandler), tmp, tombstones.NewMemTombstones())
			return err
		},
		func() (err error) {
			block.Bytes, err = fileutil.DirSize(tmp)
			return err
		},
		func() error { return dirsync.Sync(tmp) },
	)
}

// inTurn calls functions until one fails or the context ends. Each may wait for the disk.
func (b *Blocks) inTurn(all ...func() error) error {
	for _, do := range all {
		if err := b.ctxErr(); err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
	}
	return b.ctxErr()
}

// writeSeries writes the chunks and the index.
func (b *Blocks) writeSeries(block *Block, tmp string) (err error) {
	// On an error, an ended context stops index.Writer's Close from completing
	// the index; it only closes its files then.
	ctx, cancel := context.WithCancel(cmp.Or[context.Context](b.ctx, context.Background()))
	defer cancel()
	segments := filepath.Join(tmp, "chunks")
	cw, err := chunks.NewWriter(segments, chunks.WithSegmentSize(b.segmentSize()))
	if err != nil {
		return err
	}
	defer func() {
		if err = cmp.Or(err, b.ctxErr()); err != nil {
			err = errors.Join(err, empty(segments))
		}
		err = errors.Join(err, cw.Close())
	}()
	iw, err := index.NewWriter(ctx, filepath.Join(tmp, "index"))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			cancel()
			_ = iw.Close() // its error only says that ctx has ended
			return
		}
		err = iw.Close()
	}()
	slices.SortFunc(b.live, func(x, y *openSeries) int { return labels.Compare(x.lset, y.lset) })
	for i, symbol := range symbols(b.live) {
		if i%checkEvery == 0 && b.ctxErr() != nil {
			return b.ctxErr()
		}
		if err := iw.AddSymbol(symbol); err != nil {
			return err
		}
	}
	w := blockWriter{block: block, spill: &b.spill, chunks: cw, index: iw, content: sha256.New()}
	for i, e := range b.live {
		if i%checkEvery == 0 && b.ctxErr() != nil {
			return b.ctxErr()
		}
		if err := w.add(e); err != nil {
			return fmt.Errorf("series %s: %w", e.lset, err)
		}
	}
	block.Content = hex.EncodeToString(w.content.Sum(nil))
	return nil
}

// empty empties the files of a folder. Closing them waits until their content is on the disk.
func empty(dir string) error {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		err = errors.Join(err, os.Truncate(filepath.Join(dir, f.Name()), 0))
	}
	return err
}

// symbols returns all names and values of labels, sorted.
func symbols(all []*openSeries) []string {
	set := map[string]struct{}{}
	for _, e := range all {
		e.lset.Range(func(l labels.Label) {
			set[l.Name] = struct{}{}
			set[l.Value] = struct{}{}
		})
	}
	return slices.Sorted(maps.Keys(set))
}

// describedSeries yields the live series with their labels until the context ends.
func (b *Blocks) describedSeries() iter.Seq2[*prom.Series, labels.Labels] {
	return func(yield func(*prom.Series, labels.Labels) bool) {
		for i, e := range b.live {
			if i%checkEvery == 0 && b.ctxErr() != nil {
				return // fill asks again
			}
			if !yield(e.prom, e.lset) {
				return
			}
		}
	}
}

// segmentSize returns the size that the chunks need, but at most the size of Prometheus'
// segments. The chunk writer allocates it in advance, and the disk may not have the
// default of 512 MiB for a small block.
func (b *Blocks) segmentSize() int64 {
	size := int64(chunks.SegmentHeaderSize) + b.size
	for _, e := range b.live {
		size += storedSize(len(e.chunk.Buffer()))
	}
	return min(size, chunks.DefaultChunkSegmentSize)
}

// storedSize returns the largest size that a chunk of some data takes in a segment.
func storedSize(data int) int64 {
	const checksum = 4
	return int64(chunks.MaxChunkLengthFieldSize + chunks.ChunkEncodingSize + data + checksum)
}

// blockWriter writes the series of a block. All series share its buffers.
type blockWriter struct {
	block  *Block
	spill  *chunk.File
	chunks *chunks.Writer
	index  *index.Writer

	buf     []byte
	records []chunk.Record
	xor     []*chunkenc.XORChunk
	metas   []chunks.Meta

	content hash.Hash // hash of labels and chunks
	buffer  []byte    // used by hashSeries
}

// add writes a series.
func (w *blockWriter) add(e *openSeries) error {
	var err error
	if w.records, w.buf, err = w.spill.Read(e.full, w.records[:0], w.buf); err != nil {
		return err
	}
	if e.chunk.Len() > 0 {
		w.records = append(w.records, e.chunk.Record())
	}
	w.metas = w.metas[:0]
	for i, r := range w.records {
		c, err := w.chunk(i, r)
		if err != nil {
			return err
		}
		w.metas = append(w.metas, chunks.Meta{Chunk: c, MinTime: r.MinTime, MaxTime: r.MaxTime})
	}
	if err := w.chunks.WriteChunks(w.metas...); err != nil {
		return err
	}
	if err := w.index.AddSeries(storage.SeriesRef(w.block.Series), e.lset, w.metas...); err != nil {
		return err
	}
	w.block.count(w.metas)
	w.hashSeries(e.lset)
	return nil
}

// chunk returns record i of a series as a chunk.
func (w *blockWriter) chunk(i int, r chunk.Record) (chunkenc.Chunk, error) {
	if r.Encoding != chunkenc.EncXOR {
		return chunkenc.FromData(r.Encoding, r.Data)
	}
	for i >= len(w.xor) {
		w.xor = append(w.xor, new(chunkenc.XORChunk))
	}
	w.xor[i].Reset(r.Data)
	return w.xor[i], nil
}

// hashSeries adds a series to the hash of the contents. The lengths in it make the hashes
// of different series differ.
func (w *blockWriter) hashSeries(lset labels.Labels) {
	w.buffer = w.buffer[:0]
	lset.Range(func(l labels.Label) {
		w.buffer = append(binary.AppendUvarint(w.buffer, uint64(len(l.Name))+1), l.Name...)
		w.buffer = append(binary.AppendUvarint(w.buffer, uint64(len(l.Value))), l.Value...)
	})
	w.buffer = append(w.buffer, 0)
	w.content.Write(w.buffer)
	for _, m := range w.metas {
		data := m.Chunk.Bytes()
		w.content.Write(binary.AppendUvarint(w.buffer[:0], uint64(len(data))+1))
		w.content.Write(data)
	}
	w.content.Write([]byte{0})
}
