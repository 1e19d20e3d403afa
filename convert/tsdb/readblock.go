package tsdb

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"
)

// foreignMeta is what a reader needs of a meta.json, whoever wrote it.
type foreignMeta struct {
	ULID       ulid.ULID `json:"ulid"`
	MinTime    int64     `json:"minTime"`
	MaxTime    int64     `json:"maxTime"` // after the last sample
	Version    int       `json:"version"`
	Compaction struct {
		Deletable bool `json:"deletable"`
		Parents   []struct {
			ULID ulid.ULID `json:"ulid"`
		} `json:"parents"`
	} `json:"compaction"`
	Thanos *thanosMeta `json:"thanos"`
}

// thanosMeta is Thanos' section of a meta.json.
type thanosMeta struct {
	Version    int               `json:"version"`
	Labels     map[string]string `json:"labels"`
	Downsample struct {
		Resolution int64 `json:"resolution"` // milliseconds
	} `json:"downsample"`
}

func readMeta(dir string) (*foreignMeta, error) {
	text, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return nil, err
	}
	m := &foreignMeta{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("meta.json: %w", err)
	}
	if m.Version != 1 {
		return nil, fmt.Errorf("meta.json: unknown version %d", m.Version)
	}
	return m, nil
}

// blockSource is a block, of which only what is in its folder's listing and
// meta.json is known until it is its turn.
type blockSource struct {
	dir   string
	meta  *foreignMeta
	index *indexFile
	segs  *segments
	read  func(int) // is told of chunk bytes that were read
	// finer are the times of which blocks with more samples are read.
	finer tombstones.Intervals
	told  bool // a form of chunks that is not known was named
}

func (b *blockSource) path() string { return b.dir }

func (b *blockSource) span() (int64, int64) { return b.meta.MinTime, b.meta.MaxTime - 1 }

// indexFile is a block's index, mapped to memory.
type indexFile struct {
	*index.Reader
	file *fileutil.MmapFile
	data mapped
}

type mapped []byte

// Len returns how many bytes there are.
func (m mapped) Len() int { return len(m) }

// Range returns some of them.
func (m mapped) Range(start, end int) []byte { return m[start:end] }

// guard runs code that trusts offsets and lengths in an index whose checksums
// are right, as Prometheus' reader does; those of a forged one may lie. It is
// mapped, and what is no longer in the file is a fault.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged beyond what its checksums tell: %v", p)
		}
	}()
	return f()
}

// openIndex maps an index.
func openIndex(path string) (x *indexFile, err error) {
	f, err := fileutil.OpenMmapFile(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			err = fmt.Errorf("index: %w", err)
		}
	}()
	x = &indexFile{file: f, data: f.Bytes()}
	err = guard(func() error {
		toc, err := index.NewTOCFromByteSlice(x.data)
		if err != nil {
			return err
		}
		// The reader makes room for as many symbols as are announced.
		table := x.data[toc.Symbols:]
		if size, count := binary.BigEndian.Uint32(table), binary.BigEndian.Uint32(table[4:]); count > size {
			return fmt.Errorf("%d symbols in %d bytes", count, size)
		}
		x.Reader, err = index.NewReader(x.data, index.DecodePostingsRaw)
		return err
	})
	return x, err
}

func (x *indexFile) close() error { return x.file.Close() }

// seriesAt returns where the entry of a series begins in the index.
func (x *indexFile) seriesAt(ref storage.SeriesRef) int {
	if x.Version() == index.FormatV1 {
		return int(ref)
	}
	return int(ref) * 16
}

// chunkList returns where, in the entry of a series that was decoded before, its
// list of chunks begins, and how many there are.
func (x *indexFile) chunkList(ref storage.SeriesRef) (at, count int) {
	at = x.seriesAt(ref)
	read := func() int {
		v, n := binary.Uvarint(x.data[at:])
		at += n
		return int(v)
	}
	read() // length of the entry
	for range 2 * read() {
		read()
	}
	return at, read()
}

// open opens the block's files and makes a lane of each wanted series.
func (b *blockSource) open(ctx context.Context, rd *reading, dst []lane) (_ []lane, err error) {
	if b.index, err = openIndex(filepath.Join(b.dir, "index")); err != nil {
		return dst, err
	}
	if b.segs, err = openSegments(filepath.Join(b.dir, "chunks")); err != nil {
		return dst, err
	}
	deleted := b.tombstones(rd)
	err = guard(func() error {
		p, err := postings(ctx, b.index.Reader, rd.selectors)
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
				rd.damaged(b.dir, "", fmt.Errorf("index: entry of a series at %d: %w", b.index.seriesAt(ref), err))
				continue
			}
			lset := builder.Labels()
			if len(metas) == 0 || !selected(rd.selectors, lset) {
				continue
			}
			l := lane{source: b, id: rd.table.id(lset), at: metas[0].MinTime}
			l.next, l.left = b.index.chunkList(ref)
			if l.deleted, err = deleted.Get(ref); err != nil {
				return err
			}
			for _, in := range b.finer {
				l.deleted = l.deleted.Add(in)
			}
			l.counts = b.meta.Thanos.resolution() > 0 && counts(rd.table.all[l.id].prom)
			dst = append(dst, l)
		}
		if err := p.Err(); err != nil {
			return fmt.Errorf("index: %w", err)
		}
		return nil
	})
	return dst, err
}

// tombstones returns what is deleted.
func (b *blockSource) tombstones(rd *reading) tombstones.Reader {
	var deleted tombstones.Reader
	err := guard(func() (err error) {
		deleted, _, err = tombstones.ReadTombstones(b.dir)
		return err
	})
	if err != nil {
		rd.damaged(filepath.Join(b.dir, tombstones.TombstonesFilename), "", fmt.Errorf("what was deleted is read: %w", err))
		return tombstones.NewMemTombstones()
	}
	return deleted
}

// next reads a lane's next entry in its list of chunks. Decoding them as the
// lane goes on keeps the lists of all series out of memory.
func (b *blockSource) next(l *lane) (place, bool) {
	if l.left == 0 {
		return place{}, false
	}
	read := func() uint64 {
		v, n := binary.Uvarint(b.index.data[l.next:])
		l.next += max(n, 0)
		return v
	}
	readSigned := func() int64 {
		v, n := binary.Varint(b.index.data[l.next:])
		l.next += max(n, 0)
		return v
	}
	var p place
	if l.listed {
		p.mint = l.maxt + int64(read())
		p.maxt = p.mint + int64(read())
		l.ref += readSigned()
	} else {
		p.mint = readSigned()
		p.maxt = p.mint + int64(read())
		l.ref = int64(read())
	}
	p.ref = l.ref
	l.maxt, l.listed = p.maxt, true
	l.left--
	return p, true
}

// load reads a chunk.
func (b *blockSource) load(p place, buf []byte) (byte, []byte, error) {
	enc, data, size, err := b.segs.read(chunks.ChunkRef(p.ref), buf)
	b.read(size)
	return enc, data, err
}

// close frees the block's files.
func (b *blockSource) close() error {
	var err error
	if b.index != nil {
		err = b.index.close()
	}
	if b.segs != nil {
		err = cmp.Or(err, b.segs.close())
	}
	b.index, b.segs = nil, nil
	return err
}

func (b *blockSource) bytes() int64 { return folderSize(filepath.Join(b.dir, "chunks")) }

// values adds the values of a label.
func (b *blockSource) values(ctx context.Context, label string, selectors [][]*labels.Matcher, into map[string]bool) error {
	x, err := openIndex(filepath.Join(b.dir, "index"))
	if err != nil {
		return err
	}
	err = guard(func() error {
		if len(selectors) > 0 {
			return x.each(ctx, selectors, func(lset labels.Labels) error {
				into[strings.Clone(lset.Get(label))] = true
				return nil
			})
		}
		return x.values(ctx, label, into)
	})
	return errors.Join(err, x.close())
}

// values adds the values of a label in all series. That some lack it shows in
// the number of those that have it.
func (x *indexFile) values(ctx context.Context, label string, into map[string]bool) error {
	all, err := x.LabelValues(ctx, label, nil)
	if err != nil {
		return err
	}
	for _, v := range all {
		into[strings.Clone(v)] = true // it is the index' memory
	}
	with, err := count(x.PostingsForAllLabelValues(ctx, label))
	if err != nil {
		return err
	}
	name, value := index.AllPostingsKey()
	p, err := x.Postings(ctx, name, value)
	if err != nil {
		return err
	}
	total, err := count(p)
	if with < total {
		into[""] = true
	}
	return err
}

func count(p index.Postings) (n int, err error) {
	for p.Next() {
		n++
	}
	return n, p.Err()
}

// each calls f with the labels of the selected series.
func (b *blockSource) each(ctx context.Context, selectors [][]*labels.Matcher, f func(labels.Labels) error) error {
	x, err := openIndex(filepath.Join(b.dir, "index"))
	if err != nil {
		return err
	}
	err = guard(func() error {
		return x.each(ctx, selectors, func(lset labels.Labels) error { return f(lset.Copy()) })
	})
	return errors.Join(err, x.close())
}

// each calls f with the labels of the selected series, in the index' memory.
func (x *indexFile) each(ctx context.Context, selectors [][]*labels.Matcher, f func(labels.Labels) error) error {
	p, err := postings(ctx, x.Reader, selectors)
	if err != nil {
		return err
	}
	var builder labels.ScratchBuilder
	for p.Next() {
		if x.Series(p.At(), &builder, nil) != nil {
			continue // it is named when it is read
		}
		if lset := builder.Labels(); selected(selectors, lset) {
			if err := f(lset); err != nil {
				return err
			}
		}
	}
	return p.Err()
}
