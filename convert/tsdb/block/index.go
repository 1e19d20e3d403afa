package block

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Index is the index of a block, mapped to memory. The strings that it returns are in
// this memory, so callers must not use them after Close.
type Index struct {
	*index.Reader
	file *fileutil.MmapFile
	data mapped
}

// mapped is the content of a file in memory. It implements index.ByteSlice.
type mapped []byte

// Len returns the number of bytes.
func (m mapped) Len() int { return len(m) }

// Range returns a part of the bytes.
func (m mapped) Range(start, end int) []byte { return m[start:end] }

// OpenIndex maps the index of the block in dir.
func OpenIndex(dir string) (x *Index, err error) {
	f, err := fileutil.OpenMmapFile(filepath.Join(dir, "index"))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			err = fmt.Errorf("index: %w", err)
		}
	}()
	x = &Index{file: f, data: f.Bytes()}
	err = Guard(func() error {
		toc, err := index.NewTOCFromByteSlice(x.data)
		if err != nil {
			return err
		}
		// index.NewReader allocates memory for the stated number of symbols.
		table := x.data[toc.Symbols:]
		if size, count := binary.BigEndian.Uint32(table), binary.BigEndian.Uint32(table[4:]); count > size {
			return fmt.Errorf("%d symbols in %d bytes", count, size)
		}
		x.Reader, err = index.NewReader(x.data, index.DecodePostingsRaw)
		return err
	})
	return x, err
}

// Close unmaps the index.
func (x *Index) Close() error { return x.file.Close() }

// SeriesAt returns the offset of a series' entry in the file.
func (x *Index) SeriesAt(ref storage.SeriesRef) int {
	if x.Version() == index.FormatV1 {
		return int(ref)
	}
	return int(ref) * 16
}

// ChunkRef is an entry in a series' list of chunks.
type ChunkRef struct {
	MinTime, MaxTime int64
	Ref              int64 // segment in the upper 32 bits, offset in the lower ones
}

// ChunkList is a position in a series' list of chunks. [Index.NextChunk] decodes one
// entry at a time, so that the lists of all series need no memory.
type ChunkList struct {
	at, left int
	last     ChunkRef // the previous entry, to which the next one is relative
	any      bool     // whether there is a previous entry
}

// ChunkList returns the start of the list of a series. The caller must have decoded the
// series, which checks the entry.
func (x *Index) ChunkList(ref storage.SeriesRef) ChunkList {
	at := x.SeriesAt(ref)
	read := func() int {
		v, n := binary.Uvarint(x.data[at:])
		at += n
		return int(v)
	}
	read() // length of the entry
	for range 2 * read() {
		read()
	}
	left := read()
	return ChunkList{at: at, left: left}
}

// NextChunk returns the next entry of a list and reports whether there is one.
func (x *Index) NextChunk(l *ChunkList) (ChunkRef, bool) {
	if l.left == 0 {
		return ChunkRef{}, false
	}
	read := func() uint64 {
		v, n := binary.Uvarint(x.data[l.at:])
		l.at += max(n, 0)
		return v
	}
	readSigned := func() int64 {
		v, n := binary.Varint(x.data[l.at:])
		l.at += max(n, 0)
		return v
	}
	var c ChunkRef
	if l.any {
		c.MinTime = l.last.MaxTime + int64(read())
		c.MaxTime = c.MinTime + int64(read())
		c.Ref = l.last.Ref + readSigned()
	} else {
		c.MinTime = readSigned()
		c.MaxTime = c.MinTime + int64(read())
		c.Ref = int64(read())
	}
	l.last, l.any = c, true
	l.left--
	return c, true
}

// AddValues adds the values of a label in all series to a set. It adds "" if a
// series lacks the label.
func (x *Index) AddValues(ctx context.Context, label string, values map[string]bool) error {
	all, err := x.LabelValues(ctx, label, nil)
	if err != nil {
		return err
	}
	for _, v := range all {
		values[strings.Clone(v)] = true
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
		values[""] = true
	}
	return err
}

// count returns the number of series in postings.
func count(p index.Postings) (n int, err error) {
	for p.Next() {
		n++
	}
	return n, p.Err()
}

// Each calls f with the labels of each selected series. The labels are in the memory of
// the index. Each skips damaged entries; code that reads their samples reports them.
func (x *Index) Each(ctx context.Context, s Selectors, f func(labels.Labels) error) error {
	p, err := x.Candidates(ctx, s)
	if err != nil {
		return err
	}
	var builder labels.ScratchBuilder
	for p.Next() {
		if x.Series(p.At(), &builder, nil) != nil {
			continue
		}
		if lset := builder.Labels(); s.Select(lset) {
			if err := f(lset); err != nil {
				return err
			}
		}
	}
	return p.Err()
}
