package tsdb

import (
	"encoding/binary"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// record is a full chunk.
type record struct {
	mint, maxt int64
	enc        chunkenc.Encoding
	data       []byte
}

// chain finds the records of a series in the spill file: each one says where
// the one before it is, so that a series needs no list of its chunks in memory.
//
//	8  mint
//	8  maxt
//	8  offset of the record before
//	4  size of the record before
//	1  encoding
//	…  chunk
type chain struct {
	offset int64 // of the last record
	size   int   // of the last record
	count  int
	total  int // size of all records
}

const recordHeader = 29

// spillBuffer is how much of the spill file stays in memory: what is smaller
// than that needs no file.
const spillBuffer = 1 << 20

// spill is a temporary file of records.
type spill struct {
	dir     string
	file    *outlock.TempFile // nil until the buffer was full once
	flushed int64             // the size of file
	buf     []byte            // what follows it
}

// put adds a record to a chain.
func (s *spill) put(c *chain, r record) error {
	size := recordHeader + len(r.data)
	if len(s.buf)+size > spillBuffer {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if s.buf == nil {
		s.buf = make([]byte, 0, spillBuffer)
	}
	at := s.flushed + int64(len(s.buf))
	s.buf = binary.LittleEndian.AppendUint64(s.buf, uint64(r.mint))
	s.buf = binary.LittleEndian.AppendUint64(s.buf, uint64(r.maxt))
	s.buf = binary.LittleEndian.AppendUint64(s.buf, uint64(c.offset))
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(c.size))
	s.buf = append(append(s.buf, byte(r.enc)), r.data...)
	*c = chain{offset: at, size: size, count: c.count + 1, total: c.total + size}
	return nil
}

// flush moves the buffer to the file. Records are never in both.
func (s *spill) flush() error {
	if s.file == nil {
		file, err := outlock.NewTempFile(s.dir)
		if err != nil {
			return err
		}
		s.file = file
	}
	n, err := s.file.WriteAt(s.buf, s.flushed)
	s.flushed += int64(n)
	s.buf = s.buf[:0]
	return err
}

// read appends the records of a chain to dst, the first one first. Their data
// is in buf, which is grown as needed and returned.
func (s *spill) read(c chain, dst []record, buf []byte) ([]record, []byte, error) {
	if cap(buf) < c.total {
		buf = make([]byte, c.total+c.total/4)
	}
	rest := buf[:c.total]
	n := len(dst)
	dst = append(dst, make([]record, c.count)...)
	for i := n + c.count - 1; i >= n; i-- {
		raw := rest[len(rest)-c.size:]
		rest = rest[:len(rest)-c.size]
		if err := s.get(raw, c.offset); err != nil {
			return nil, buf, err
		}
		dst[i] = record{
			mint: int64(binary.LittleEndian.Uint64(raw)),
			maxt: int64(binary.LittleEndian.Uint64(raw[8:])),
			enc:  chunkenc.Encoding(raw[recordHeader-1]),
			data: raw[recordHeader:],
		}
		c.offset = int64(binary.LittleEndian.Uint64(raw[16:]))
		c.size = int(binary.LittleEndian.Uint32(raw[24:]))
	}
	return dst, buf, nil
}

// get fills raw with the record at an offset.
func (s *spill) get(raw []byte, offset int64) error {
	if offset >= s.flushed {
		copy(raw, s.buf[offset-s.flushed:])
		return nil
	}
	_, err := s.file.ReadAt(raw, offset)
	return err
}

// reset drops all records.
func (s *spill) reset() error {
	s.flushed, s.buf = 0, s.buf[:0]
	if s.file == nil {
		return nil
	}
	return s.file.Truncate(0)
}

// close drops the file. It may be called more than once.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file, s.buf = nil, nil
	return err
}
