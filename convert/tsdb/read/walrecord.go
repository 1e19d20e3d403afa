package read

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

// A segment of a write-ahead log is a row of pages of 32 KiB, and a page is a
// row of fragments that together are records:
//
//	1  kind in the low 3 bits: 0 the rest of the page is empty, 1 a whole record,
//	   2 its first, 3 a middle, 4 its last fragment; 8: snappy, 16: zstd
//	2  length
//	4  CRC-32C of
//	…  data
//
// The reader of Prometheus ends at the first damage; this one goes on with the
// next page.
const (
	walPage      = 32 << 10
	walHead      = 7
	walKind      = 7
	walSnappy    = 1 << 3
	walZstd      = 1 << 4
	fragmentFull = 1
	fragmentHead = 2
	fragmentMid  = 3
	fragmentTail = 4
	// maxWalRecord bounds what a compressed record may become. A scrape is one
	// record.
	maxWalRecord = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that a segment ends inside a record.
var errTorn = errors.New("the segment ends inside a record")

// walReader reads the records of one segment.
type walReader struct {
	f      *os.File
	page   []byte // what is left of the current page
	buf    []byte
	size   int   // of the current page, less than others if the file ends in it
	offset int64 // of the next page
	length int64 // of the segment, when it was opened
	parts  []byte
	inside bool // a record has begun
	plain  []byte
	zstd   *zstd.Decoder
}

func newWalReader() (*walReader, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWalRecord))
	return &walReader{buf: make([]byte, walPage), zstd: d}, err
}

// reset makes f the segment that is read, which has a length.
func (r *walReader) reset(f *os.File, length int64) {
	r.f, r.length, r.page, r.offset, r.inside = f, length, nil, 0, false
}

// next returns the next record, which is valid until the one after it; io.EOF
// after the last one. Another error is about a part of the segment, and next
// goes on behind it.
func (r *walReader) next() ([]byte, error) {
	for {
		if len(r.page) == 0 {
			if err := r.turn(); err != nil {
				return nil, err
			}
		}
		kind := r.page[0]
		if kind&walKind == 0 {
			r.page = nil
			continue
		}
		k := kind & walKind
		if r.inside && (k == fragmentFull || k == fragmentHead) {
			r.inside = false
			return nil, r.wrong("a record begins inside another one")
		}
		data, err := r.fragment()
		if err == nil && k > fragmentTail {
			err = r.wrong(fmt.Sprintf("unknown kind %d of the fragment before it", k))
		}
		if err != nil {
			r.page, r.inside = nil, false
			return nil, err
		}
		switch {
		case k == fragmentFull || k == fragmentHead:
			r.parts = append(r.parts[:0], data...)
		case !r.inside:
			continue // of a record whose beginning was damaged, which was said
		default:
			r.parts = append(r.parts, data...)
		}
		if r.inside = k == fragmentHead || k == fragmentMid; !r.inside {
			return r.decode(kind)
		}
		if len(r.parts) > maxWalRecord {
			r.inside = false
			return nil, r.wrong("a record without end")
		}
	}
}

// turn reads the next page.
func (r *walReader) turn() error {
	n, err := r.f.ReadAt(r.buf, r.offset)
	if n == 0 {
		if r.inside {
			r.inside = false
			return errTorn
		}
		if errors.Is(err, io.EOF) || r.offset >= r.length {
			return io.EOF
		}
		r.offset += walPage // a page that the disk does not give
		return fmt.Errorf("page at %d: %w", r.offset-walPage, err)
	}
	r.page, r.size = r.buf[:n], n
	r.offset += walPage
	return nil
}

// fragment takes a fragment from the page.
func (r *walReader) fragment() ([]byte, error) {
	short := r.size < walPage // so the file ends here
	if len(r.page) < walHead {
		if short {
			return nil, errTorn
		}
		return nil, r.wrong("no room for a fragment")
	}
	size := int(binary.BigEndian.Uint16(r.page[1:]))
	begun := r.page[0]&walKind <= fragmentTail && size <= walPage-(r.size-len(r.page))-walHead
	if size > len(r.page)-walHead {
		if short && begun { // as a writer begins one
			return nil, errTorn
		}
		return nil, r.wrong("a fragment goes past the end of its page")
	}
	data := r.page[walHead : walHead+size]
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(r.page[3:]) {
		return nil, r.wrong("checksum of a fragment does not match")
	}
	r.page = r.page[walHead+size:]
	return data, nil
}

// wrong is an error about the current place.
func (r *walReader) wrong(what string) error {
	at := r.offset - int64(cap(r.page))
	return fmt.Errorf("offset %d: %s", at, what)
}

// decode returns the record that was put together.
func (r *walReader) decode(kind byte) ([]byte, error) {
	switch {
	case kind&walSnappy != 0:
		n, err := snappy.DecodedLen(r.parts)
		if err == nil && n > maxWalRecord {
			err = fmt.Errorf("it is %d bytes long", n)
		}
		if err == nil {
			r.plain, err = snappy.Decode(r.plain[:cap(r.plain)], r.parts)
		}
		if err != nil {
			return nil, r.wrong(fmt.Sprintf("compressed record before it: %v", err))
		}
		return r.plain, nil
	case kind&walZstd != 0:
		var err error
		if r.plain, err = r.zstd.DecodeAll(r.parts, r.plain[:0]); err != nil {
			return nil, r.wrong(fmt.Sprintf("compressed record before it: %v", err))
		}
		return r.plain, nil
	}
	return r.parts, nil
}
