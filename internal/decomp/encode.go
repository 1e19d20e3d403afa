package decomp

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// BlockSize is the length of the contents of each xz block that NewWriter writes, except
// the last. A seek decodes one block.
const BlockSize = 4 << 20

// FrameSize is the length of the contents of each zstd frame that NewWriter
// writes, except the last. A seek decodes one frame, which takes less than a
// millisecond; a frame spans about ten entries of a temporal index. On archives
// with changing values, frames of 128 KiB would make files a quarter longer,
// and a single frame would make them only one hundredth shorter.
const FrameSize = 1 << 20

// NewWriter returns a writer that compresses to w. Close completes the output
// and leaves w open.
//
// [Zstd] output consists of independent frames of FrameSize bytes, each with
// its length and checksum, and the table of the seekable format, which other
// decoders skip. [XZ] output is one stream of blocks of BlockSize bytes, which PCP's
// library reads at any offset. [Gzip] output is one member. For other formats, which the
// package only reads, NewWriter returns an error.
func NewWriter(w io.Writer, f Format) (io.WriteCloser, error) {
	switch f {
	case Gzip:
		return gzip.NewWriter(w), nil
	case Zstd:
		return &frameWriter{w: w}, nil
	case XZ:
		return xz.WriterConfig{DictCap: BlockSize, BlockSize: BlockSize, CheckSum: xz.CRC64}.NewWriter(w)
	}
	return nil, fmt.Errorf("%s can only be read, not written", f)
}

// frameEncoder is shared because it keeps no state between frames.
var frameEncoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	// The fastest level compresses the words of data records better than the
	// next level.
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(FrameSize))
})

// frameWriter writes a zstd file with a seek table.
type frameWriter struct {
	w      io.Writer
	frame  []byte // contents of the next frame
	packed []byte
	table  []byte
	err    error
}

// Write appends p to the frame and writes the frame when it is full.
func (f *frameWriter) Write(p []byte) (n int, err error) {
	for n < len(p) && f.err == nil {
		part := p[n:min(len(p), n+FrameSize-len(f.frame))]
		f.frame = append(f.frame, part...)
		n += len(part)
		if len(f.frame) == FrameSize {
			f.flush()
		}
	}
	return n, f.err
}

// flush compresses and writes the frame.
func (f *frameWriter) flush() {
	enc, err := frameEncoder()
	if err != nil {
		f.err = err
		return
	}
	f.packed = enc.EncodeAll(f.frame, f.packed[:0])
	if _, f.err = f.w.Write(f.packed); f.err != nil {
		return
	}
	f.table = binary.LittleEndian.AppendUint32(f.table, uint32(len(f.packed)))
	f.table = binary.LittleEndian.AppendUint32(f.table, uint32(len(f.frame)))
	f.frame = f.frame[:0]
}

// Close writes the last frame and the seek table.
func (f *frameWriter) Close() error {
	if f.err == nil && (len(f.frame) > 0 || len(f.table) == 0) {
		f.flush()
	}
	if f.err != nil {
		return f.err
	}
	const each = 8
	n := len(f.table) / each
	size := len(f.table) + seekTableEnd
	if size > math.MaxInt32 {
		return nil // only for terabytes; readers then walk the frames
	}
	out := binary.LittleEndian.AppendUint32(make([]byte, 0, skipHeader+size), skipMagic|0xe)
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	out = append(out, f.table...)
	out = binary.LittleEndian.AppendUint32(out, uint32(n))
	out = append(out, 0)
	out = binary.LittleEndian.AppendUint32(out, seekTableMagic)
	_, f.err = f.w.Write(out)
	return f.err
}
