package columns

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// Entry has the samples of an archive. Several goroutines may use it.
type Entry struct {
	Head
	Names *Names

	blocks blocks
	src    io.ReaderAt
	close  func() error
}

// Close closes the file of the entry.
func (en *Entry) Close() error {
	if en.close == nil {
		return nil
	}
	return en.close()
}

// Has says whether the entry has the samples of a metric, which name gives by its place in
// Names.
func (en *Entry) Has(name int) Metric {
	return en.blocks.block(name).state
}

// tailSize is how many bytes of an entry are read at once for its directory.
const tailSize = 16 << 10

// openEntry reads the directory of an entry. names returns the Names of a key.
func openEntry(src io.ReaderAt, size int64, names func(key string) (*Names, error)) (*Entry, error) {
	if size < footerSize {
		return nil, errFormat
	}
	tail := make([]byte, min(size, tailSize))
	if _, err := src.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, err
	}
	footer := tail[len(tail)-footerSize:]
	at, n, sum := binary.LittleEndian.Uint64(footer), binary.LittleEndian.Uint32(footer[8:]), binary.LittleEndian.Uint32(footer[12:])
	if checksum(footer[:footerSize-4]) != binary.LittleEndian.Uint32(footer[footerSize-4:]) || at > uint64(size) ||
		at+uint64(n) != uint64(size-footerSize) {
		return nil, errFormat
	}
	var raw []byte
	if whole := int(n) + footerSize; whole <= len(tail) {
		raw = tail[len(tail)-whole : len(tail)-footerSize]
	} else {
		raw = make([]byte, n)
		if _, err := src.ReadAt(raw, int64(at)); err != nil {
			return nil, err
		}
	}
	if checksum(raw) != sum {
		return nil, errFormat
	}
	d := newDecoder(raw)
	head, key, all, err := d.directory(int64(at))
	if err != nil {
		return nil, err
	}
	en := &Entry{Head: head, blocks: all, src: src}
	if en.Names, err = names(string(key)); err != nil {
		return nil, err
	}
	if len(en.Names.All) != all.names {
		return nil, errFormat
	}
	return en, nil
}

// Span is a time, both ends inclusive, in milliseconds.
type Span struct{ From, To int64 }

// Series reads the series of the metric of a name whose labels match allows, with the
// chunks that have samples of a time. A discrete series also has the chunk with its last
// sample before that time. A series without any chunk is left out.
func (en *Entry) Series(name int, span Span, match func([]prom.Label) bool) ([]Series, error) {
	b := en.blocks.block(name)
	if b.state != Kept {
		return nil, fmt.Errorf("metric %s: %w", en.Names.All[name].Text, errFormat)
	}
	// The head and the chunks of a small block are read at once.
	raw := make([]byte, b.head+min(b.data, tailSize))
	if _, err := en.src.ReadAt(raw, b.offset); err != nil {
		return nil, err
	}
	head := raw[:b.head]
	if checksum(head) != b.sum {
		return nil, errFormat
	}
	d := newDecoder(head)
	all, err := d.seriesHead(b.data)
	if err != nil {
		return nil, err
	}
	data := chunkData{src: en.src, at: b.offset + int64(b.head), known: raw[b.head:]}
	offset := 0
	kept := all[:0]
	for i := range all {
		s := all[i]
		size := 0
		for j := range s.Chunks {
			size += s.Chunks[j].size
		}
		if match == nil || match(s.Labels) {
			if err := s.load(&data, offset, span); err != nil {
				return nil, err
			}
			if len(s.Chunks) > 0 {
				kept = append(kept, s)
			}
		}
		offset += size
	}
	return slices.Clip(kept), nil
}

// load reads the chunks of a series that have samples of a time, and forgets the others.
// offset is where the chunks are among those of the metric.
func (s *Series) load(data *chunkData, offset int, span Span) error {
	first, end := s.within(span)
	for i := range first {
		offset += s.Chunks[i].size
	}
	s.Chunks = s.Chunks[first:end]
	size := 0
	for i := range s.Chunks {
		size += s.Chunks[i].size
	}
	raw, err := data.read(offset, size)
	if err != nil {
		return err
	}
	for i := range s.Chunks {
		c := &s.Chunks[i]
		c.Data, raw = raw[:c.size:c.size], raw[c.size:]
		if checksum(c.Data) != c.sum {
			return errFormat
		}
	}
	return nil
}

// within returns the range of the chunks to read.
func (s *Series) within(span Span) (first, end int) {
	for first < len(s.Chunks) && s.Chunks[first].Last < span.From {
		first++
	}
	end = first
	start := s.First // of chunk end, or earlier
	if end > 0 {
		start = s.Chunks[end-1].Last
	}
	for end < len(s.Chunks) && start <= span.To {
		start = s.Chunks[end].Last
		end++
	}
	if s.Sem == pcp.SemDiscrete && first > 0 {
		first--
	}
	return first, end
}

// chunkData is the data of the chunks of a metric.
type chunkData struct {
	src   io.ReaderAt
	at    int64
	known []byte // the first bytes
}

func (d *chunkData) read(offset, size int) ([]byte, error) {
	if offset+size <= len(d.known) {
		return d.known[offset : offset+size], nil
	}
	raw := make([]byte, size)
	_, err := d.src.ReadAt(raw, d.at+int64(offset))
	return raw, err
}
