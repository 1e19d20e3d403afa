package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/pcparchive/pcparchive/internal/eof"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxChunk is the maximum accepted length of a chunk. Prometheus' own chunks have about
// 1 KiB; chunks of histograms are somewhat longer.
const maxChunk = 16 << 20

// Segments are the chunk files of a block.
//
// Segments replaces Prometheus' own reader for three reasons. That reader numbers the files
// that exist, so a lost file makes the references to all later ones wrong. It rejects a
// whole block for one damaged header. And it maps the files to memory.
//
// One goroutine may use Segments at a time; see [Segments.Share].
type Segments struct {
	files  []*segment // file N is at index N-1; nil for a missing file
	window window     // the bytes that Read read last
}

// window is a part of a segment in memory.
type window struct {
	of  *segment
	off int64
	raw []byte
}

// segment is one chunk file.
type segment struct {
	name string
	f    *os.File
	size int64
	err  error // why the segment cannot be read
}

// OpenSegments opens the chunk files of the block in dir.
func OpenSegments(dir string) (*Segments, error) {
	dir = filepath.Join(dir, "chunks")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Segments{}
	for _, e := range entries {
		// A block with 2^19 segments would have 250 TB.
		n, err := strconv.ParseUint(e.Name(), 10, 19)
		if err != nil || n == 0 {
			continue
		}
		for uint64(len(s.files)) < n {
			s.files = append(s.files, nil)
		}
		s.files[n-1] = openSegment(filepath.Join(dir, e.Name()))
	}
	return s, nil
}

// Share returns Segments for another goroutine. They have the same files, which only one of
// them must close.
func (s *Segments) Share() *Segments { return &Segments{files: s.files} }

// Damaged yields the segments that cannot be read, with the reason. The name of a
// missing segment is empty.
func (s *Segments) Damaged() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i, g := range s.files {
			switch {
			case g == nil:
				if !yield("", missing(i)) {
					return
				}
			case g.err != nil:
				if !yield(g.name, g.err) {
					return
				}
			}
		}
	}
}

// missing returns the error for the segment at an index.
func missing(i int) error { return fmt.Errorf("segment %06d is missing", i+1) }

// openSegment opens a chunk file and checks its header.
func openSegment(path string) *segment {
	g := &segment{name: filepath.Base(path)}
	if g.f, g.err = os.Open(path); g.err != nil {
		return g
	}
	info, err := g.f.Stat()
	if err != nil {
		g.err = err
		return g
	}
	g.size = info.Size()
	var head [chunks.SegmentHeaderSize]byte
	if _, err := g.f.ReadAt(head[:], 0); err != nil {
		g.err = fmt.Errorf("segment %s: header: %w", g.name, eof.Early(err))
	} else if m := binary.BigEndian.Uint32(head[:]); m != chunks.MagicChunks {
		g.err = fmt.Errorf("segment %s: magic number %#x, want %#x", g.name, m, uint32(chunks.MagicChunks))
	} else if head[4] != 1 {
		g.err = fmt.Errorf("segment %s: unknown format %d", g.name, head[4])
	}
	return g
}

const (
	// firstGuess is the number of bytes that Read reads before it knows the length of a
	// chunk. Nearly all chunks are shorter.
	firstGuess = 1 << 10
	// maxGuess limits what Read reads at once while it reads chunks in their order.
	maxGuess = 1 << 15
)

// Read returns the encoding and the data of a chunk, and the chunk's size in the
// file. The data is in buf, or in a larger buffer in its place.
func (s *Segments) Read(ref chunks.ChunkRef, buf []byte) (enc chunkenc.Encoding, data []byte, size int, err error) {
	i, at := chunks.BlockChunkRef(ref).Unpack()
	if i < 0 || i >= len(s.files) || s.files[i] == nil {
		return 0, nil, 0, missing(i)
	}
	g := s.files[i]
	if g.err != nil {
		return 0, nil, 0, g.err
	}
	raw, err := s.window.at(g, int64(at), chunks.MaxChunkLengthFieldSize)
	if err != nil {
		return 0, nil, 0, err
	}
	length, n := binary.Uvarint(raw[:min(len(raw), chunks.MaxChunkLengthFieldSize)])
	if n <= 0 || length > maxChunk {
		return 0, nil, 0, fmt.Errorf("segment %s: offset %d: impossible length of a chunk", g.name, at)
	}
	size = n + chunks.ChunkEncodingSize + int(length) + crc32.Size
	if int64(at)+int64(size) > g.size {
		return 0, nil, 0, fmt.Errorf("segment %s: offset %d: the chunk of %d bytes goes past the end of the file", g.name, at, size)
	}
	if raw, err = s.window.at(g, int64(at), size); err != nil {
		return 0, nil, 0, err
	}
	if len(raw) < size {
		return 0, nil, 0, fmt.Errorf("segment %s: offset %d: %w", g.name, at, io.ErrUnexpectedEOF)
	}
	body, sum := raw[n:size-crc32.Size], raw[size-crc32.Size:size]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) {
		return 0, nil, 0, fmt.Errorf("segment %s: offset %d: checksum of the chunk does not match", g.name, at)
	}
	return chunkenc.Encoding(body[0]), append(buf[:0], body[1:]...), size, nil
}

// at returns the bytes of a segment from an offset on: need of them, or fewer if the file ends.
// It reads ever more at once while the offsets follow one another.
func (w *window) at(g *segment, off int64, need int) ([]byte, error) {
	follows := g == w.of && off >= w.off && off <= w.off+int64(len(w.raw))
	if follows && off+int64(need) <= w.off+int64(len(w.raw)) {
		return w.raw[off-w.off:], nil
	}
	n := firstGuess
	if follows {
		n = min(2*len(w.raw), maxGuess)
	}
	if n = max(n, need); n > cap(w.raw) {
		w.raw = make([]byte, n)
	}
	n, err := g.f.ReadAt(w.raw[:n], off)
	*w = window{g, off, w.raw[:n]}
	if n == 0 {
		return nil, fmt.Errorf("segment %s: offset %d: %w", g.name, off, eof.Early(err))
	}
	return w.raw, nil
}

// Close closes the files.
func (s *Segments) Close() error {
	var err error
	for _, g := range s.files {
		if g != nil && g.f != nil {
			err = errors.Join(err, g.f.Close())
		}
	}
	return err
}
