package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// A segment of a log is a sequence of pages of 32 KiB. A page is a sequence of
// fragments, and one or more fragments make up a record:
//
//	1  the low 3 bits are the kind: 0 the rest of the page is empty, 1 a whole
//	   record, 2 the first, 3 a middle, 4 the last fragment of a record;
//	   8 means compressed by snappy, 16 by zstd
//	2  length of the data
//	4  CRC-32C of the data
//	…  data
//
// Prometheus' reader ends at the first damage. This one continues with the next page.
const (
	pageSize       = 32 << 10
	fragmentHeader = 7
	kindMask       = 7
	snappyFlag     = 1 << 3
	zstdFlag       = 1 << 4
	wholeRecord    = 1
	firstFragment  = 2
	middleFragment = 3
	lastFragment   = 4
	// maxRecord limits the size of a record after decompression. A scrape is one
	// record.
	maxRecord = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn means that a segment ends inside a record.
var errTorn = errors.New("the segment ends inside a record")

// segmentReader reads the records of one segment.
type segmentReader struct {
	f       *os.File
	buf     []byte // holds the current page
	page    []byte // the bytes of the current page that were not read
	size    int    // of the current page; less than pageSize if the file ends in it
	offset  int64  // of the next page
	length  int64  // of the segment, when it was opened
	parts   []byte // the fragments of the current record, joined
	inside  bool   // parts is an incomplete record
	plain   []byte // the current record, decompressed
	decoder *zstd.Decoder
}

func newSegmentReader() (*segmentReader, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRecord))
	return &segmentReader{buf: make([]byte, pageSize), decoder: d}, err
}

// reset begins to read another segment.
func (r *segmentReader) reset(f *os.File, length int64) {
	r.f, r.length, r.page, r.offset, r.inside = f, length, nil, 0, false
}

func (r *segmentReader) close() { r.decoder.Close() }

// next returns the next record, which is valid until the next call. It returns io.EOF
// after the last record. Any other error concerns a part of the segment, and the next
// call continues behind that part.
func (r *segmentReader) next() ([]byte, error) {
	for {
		if len(r.page) == 0 {
			if err := r.readPage(); err != nil {
				return nil, err
			}
		}
		flags := r.page[0]
		kind := flags & kindMask
		if kind == 0 {
			r.page = nil
			continue
		}
		if r.inside && (kind == wholeRecord || kind == firstFragment) {
			r.inside = false
			return nil, r.errorf("a record begins inside another record")
		}
		data, err := r.fragment()
		if err == nil && kind > lastFragment {
			err = r.errorf("the fragment before it has the unknown kind %d", kind)
		}
		if err != nil {
			r.page, r.inside = nil, false
			return nil, err
		}
		switch {
		case kind == wholeRecord || kind == firstFragment:
			r.parts = append(r.parts[:0], data...)
		case !r.inside:
			continue // the beginning of the record was damaged, and an error named it
		default:
			r.parts = append(r.parts, data...)
		}
		if r.inside = kind == firstFragment || kind == middleFragment; !r.inside {
			return r.decompress(flags)
		}
		if len(r.parts) > maxRecord {
			r.inside = false
			return nil, r.errorf("the record before it is longer than %d bytes", maxRecord)
		}
	}
}

// readPage reads the next page.
func (r *segmentReader) readPage() error {
	n, err := r.f.ReadAt(r.buf, r.offset)
	if n == 0 {
		if r.inside {
			r.inside = false
			return errTorn
		}
		if errors.Is(err, io.EOF) || r.offset >= r.length {
			return io.EOF
		}
		r.offset += pageSize // continue behind a page that the disk cannot read
		return fmt.Errorf("page at offset %d: %w", r.offset-pageSize, err)
	}
	r.page, r.size = r.buf[:n], n
	r.offset += pageSize
	return nil
}

// fragment reads a fragment of the page.
func (r *segmentReader) fragment() ([]byte, error) {
	fileEnds := r.size < pageSize
	if len(r.page) < fragmentHeader {
		if fileEnds {
			return nil, errTorn
		}
		return nil, r.errorf("the page has no room for a fragment")
	}
	size := int(binary.BigEndian.Uint16(r.page[1:]))
	// plausible tells the beginning of a fragment that a writer did not complete.
	plausible := r.page[0]&kindMask <= lastFragment && size <= pageSize-(r.size-len(r.page))-fragmentHeader
	if size > len(r.page)-fragmentHeader {
		if fileEnds && plausible {
			return nil, errTorn
		}
		return nil, r.errorf("a fragment is longer than the rest of its page")
	}
	data := r.page[fragmentHeader : fragmentHeader+size]
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(r.page[3:]) {
		return nil, r.errorf("the checksum of a fragment does not match")
	}
	r.page = r.page[fragmentHeader+size:]
	return data, nil
}

// errorf returns an error at the current offset.
func (r *segmentReader) errorf(format string, args ...any) error {
	at := r.offset - int64(cap(r.page))
	return fmt.Errorf("offset %d: %w", at, fmt.Errorf(format, args...))
}

// decompress returns the record whose fragments were joined.
func (r *segmentReader) decompress(flags byte) (rec []byte, err error) {
	switch {
	case flags&snappyFlag != 0:
		var n int
		n, err = snappy.DecodedLen(r.parts)
		if err == nil && n > maxRecord {
			err = fmt.Errorf("it is %d bytes long", n)
		}
		if err == nil {
			r.plain, err = snappy.Decode(r.plain[:cap(r.plain)], r.parts)
		}
	case flags&zstdFlag != 0:
		r.plain, err = r.decoder.DecodeAll(r.parts, r.plain[:0])
	default:
		return r.parts, nil
	}
	if err != nil {
		return nil, r.errorf("compressed record before it: %w", err)
	}
	return r.plain, nil
}
