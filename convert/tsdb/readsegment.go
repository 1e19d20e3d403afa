package tsdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxChunk bounds what the length of a chunk is trusted with. Prometheus' own
// hold 1 KiB; histograms are somewhat larger.
const maxChunk = 16 << 20

// segments are the chunk files of a block. Prometheus' own reader numbers those
// that are there, so that a lost one makes all others wrong, refuses the block
// for the header of one, and maps them to memory.
type segments struct {
	files []*segment // by number, less one; nil where there is none
	spare []byte
}

type segment struct {
	name string
	f    *os.File
	size int64
	err  error // why nothing can be read from it
}

// openSegments opens the chunk files in a folder.
func openSegments(dir string) (*segments, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &segments{}
	for _, e := range entries {
		// A block of half a million segments would be 250 TB.
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
		g.err = fmt.Errorf("segment %s: header: %w", g.name, unexpected(err))
	} else if m := binary.BigEndian.Uint32(head[:]); m != chunks.MagicChunks {
		g.err = fmt.Errorf("segment %s: magic number %#x, want %#x", g.name, m, uint32(chunks.MagicChunks))
	} else if head[4] != 1 {
		g.err = fmt.Errorf("segment %s: unknown format %d", g.name, head[4])
	}
	return g
}

// unexpected makes an end of file one that should not have been.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// firstGuess is how much is read of a chunk whose length is not known yet:
// nearly all chunks are shorter.
const firstGuess = 1 << 10

// read returns the encoding and the data of a chunk, and the size of all it has
// in the file. The data is in buf, or in a larger one in its place.
func (s *segments) read(ref chunks.ChunkRef, buf []byte) (enc byte, data []byte, size int, err error) {
	i, at := chunks.BlockChunkRef(ref).Unpack()
	if i < 0 || i >= len(s.files) || s.files[i] == nil {
		return 0, nil, 0, fmt.Errorf("segment %06d is missing", i+1)
	}
	g := s.files[i]
	if g.err != nil {
		return 0, nil, 0, g.err
	}
	if s.spare == nil {
		s.spare = make([]byte, firstGuess)
	}
	raw, err := g.at(int64(at), s.spare)
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
	if size > len(raw) {
		s.spare = make([]byte, size+size/4)
		if raw, err = g.at(int64(at), s.spare); err != nil {
			return 0, nil, 0, err
		}
	}
	body, sum := raw[n:size-crc32.Size], raw[size-crc32.Size:size]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) {
		return 0, nil, 0, fmt.Errorf("segment %s: offset %d: checksum of the chunk does not match", g.name, at)
	}
	return body[0], append(buf[:0], body[1:]...), size, nil
}

// at reads as much at an offset as there is room and file.
func (g *segment) at(off int64, buf []byte) ([]byte, error) {
	n, err := g.f.ReadAt(buf, off)
	if n == 0 {
		return nil, fmt.Errorf("segment %s: offset %d: %w", g.name, off, unexpected(err))
	}
	return buf[:n], nil
}

func (s *segments) close() error {
	var err error
	for _, g := range s.files {
		if g != nil && g.f != nil {
			err = errors.Join(err, g.f.Close())
		}
	}
	return err
}

// newEncoding is an error for an encoding that this program does not know: that of
// a later Prometheus, most likely, and no damage.
type newEncoding chunkenc.Encoding

// Error names the encoding.
func (e newEncoding) Error() string {
	return fmt.Sprintf("chunks of encoding %d, which this program does not know", uint8(e))
}

// decodable reports whether chunkenc can be trusted with a chunk: it does not
// look whether there is room for the head.
func decodable(enc chunkenc.Encoding, data []byte) error {
	least := 2
	switch enc {
	case chunkenc.EncXOR:
	case chunkenc.EncXOR2, chunkenc.EncHistogram, chunkenc.EncFloatHistogram,
		chunkenc.EncHistogramST, chunkenc.EncFloatHistogramST:
		least = 3
	default:
		return newEncoding(enc)
	}
	if len(data) < least {
		return fmt.Errorf("a chunk of %d bytes has no head", len(data))
	}
	return nil
}
