package decomp

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math"
	"sync"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// A block of an xz file:
//
//	header: length/4 - 1 | flags | sizes if flagged | filters | padding to 4 | CRC-32
//	filter: identifier | length of properties | properties; numbers of variable length
//
// Our decoder takes blocks whose only filter is LZMA2, as xz writes them unless asked for
// others. RATIONALE.md says why it is our own.
const (
	xzFilters     = 3 << 0 // flag: number of filters minus one
	xzStoredSize  = 1 << 6 // flag: the header holds the stored length
	xzDecodedSize = 1 << 7
	xzReserved    = 0x3c
	xzLZMA2       = 0x21
)

var (
	errXZHeader = errors.New("invalid header of a block")
	errXZCheck  = errors.New("the check of a block differs")
	errXZLength = errors.New("a block has another length than its index says")
)

// blockReader decodes a block.
type blockReader struct {
	lzma2
	s     *stored
	buf   *bufio.Reader
	check hash.Hash // nil if there is none
	err   error
	// sizes that the header holds; unknown if it does not
	packed, size int64
	header       int64 // length of the header
}

var xzBlocks = sync.Pool{New: func() any { return &blockReader{buf: bufio.NewReaderSize(nil, 4<<10)} }}

var crc64Table = crc64.MakeTable(crc64.ECMA)

// openXZBlock prepares decoding a block. ok is false if our decoder does not take it.
func openXZBlock(s *stored) (ok bool, err error) {
	b := xzBlocks.Get().(*blockReader)
	b.s, b.err = s, nil
	b.buf.Reset(rawReader{s})
	dict, ok, err := b.begin()
	if !ok {
		xzBlocks.Put(b)
		_, seekErr := s.section.Seek(0, io.SeekStart)
		return false, errors.Join(err, seekErr)
	}
	switch {
	case err != nil:
	case dict > min(s.f.limits.window(), math.MaxInt32):
		err = errLZMALimit
	default:
		b.reset(b.buf, int(min(dict, max(s.w.size+15, lzma2Least)&^15)))
	}
	s.dec, s.release = b, func() {
		b.s = nil
		b.buf.Reset(nil)
		xzBlocks.Put(b)
	}
	return true, err
}

// begin reads the header of the block. It returns the size of the dictionary.
func (b *blockReader) begin() (dict int64, ok bool, err error) {
	switch byte(b.s.w.flags) {
	case 0:
		b.check = nil
	case 1:
		b.check = crc32.NewIEEE()
	case 4:
		b.check = crc64.New(crc64Table)
	case 10:
		b.check = sha256.New()
	default:
		return 0, false, nil
	}
	size, err := b.buf.ReadByte()
	if err != nil {
		return 0, true, eof.Early(err)
	}
	head := make([]byte, (int(size)+1)*4)
	head[0] = size
	if _, err := io.ReadFull(b.buf, head[1:]); err != nil {
		return 0, true, eof.Early(err)
	}
	b.header = int64(len(head))
	body := head[:len(head)-4]
	if size == 0 || crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(head[len(body):]) {
		return 0, true, errXZHeader
	}
	return b.parse(body[1:])
}

// parse parses the header from the flags on.
func (b *blockReader) parse(head []byte) (dict int64, ok bool, err error) {
	flags, rest, valid := head[0], head[1:], true
	number := func() int64 {
		n, size := binary.Uvarint(rest)
		if valid = valid && size > 0 && n < 1<<63; !valid {
			return 0
		}
		rest = rest[size:]
		return int64(n)
	}
	b.packed, b.size = unknown, unknown
	if flags&xzStoredSize != 0 {
		b.packed = number()
	}
	if flags&xzDecodedSize != 0 {
		b.size = number()
	}
	filter, length := number(), number()
	switch {
	case !valid || flags&xzReserved != 0:
		return 0, true, errXZHeader
	case flags&xzFilters != 0 || filter != xzLZMA2:
		return 0, false, nil
	case length != 1 || len(rest) < 1 || rest[0] > 40 || len(bytes.Trim(rest[1:], "\x00")) > 0:
		return 0, true, errXZHeader
	}
	props := rest[0]
	if props == 40 {
		return 1<<32 - 1, true, nil
	}
	return int64(2|props&1) << (props>>1 + 11), true, nil
}

// Read decodes the block, and checks it at its end.
func (b *blockReader) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.lzma2.Read(p)
	if b.check != nil {
		_, _ = b.check.Write(p[:n]) // a hash returns no error
	}
	if errors.Is(err, io.EOF) {
		err = b.end(n)
	}
	b.err = err
	return n, err
}

// end reads and compares what follows the contents, of which the last n bytes are being read.
func (b *blockReader) end(n int) error {
	at, _ := b.s.section.Seek(0, io.SeekCurrent) // of a section, it cannot fail
	length := at - int64(b.buf.Buffered())
	if b.packed != unknown && b.packed != length-b.header || b.size != unknown && b.size != b.s.got+int64(n) {
		return errXZLength
	}
	tail := make([]byte, -length&3, 3+sha256.Size)
	size := 0
	if b.check != nil {
		size = b.check.Size()
	}
	padding := len(tail)
	tail = tail[:padding+size]
	if _, err := io.ReadFull(b.buf, tail); err != nil {
		return eof.Early(err)
	}
	switch {
	case len(bytes.Trim(tail[:padding], "\x00")) > 0:
		return errXZCheck
	case length+int64(size) != b.s.w.stored-int64(b.s.w.flags>>xzPadding&3):
		return errXZLength
	case b.check != nil && !bytes.Equal(xzSum(b.check), tail[padding:]):
		return errXZCheck
	}
	return io.EOF
}

// xzSum returns a check as a block stores it: a number, least significant byte first, or
// a hash.
func xzSum(h hash.Hash) []byte {
	switch h := h.(type) {
	case hash.Hash32:
		return binary.LittleEndian.AppendUint32(nil, h.Sum32())
	case hash.Hash64:
		return binary.LittleEndian.AppendUint64(nil, h.Sum64())
	}
	return h.Sum(nil)
}
