package chunk

import (
	"encoding/binary"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/internal/spill"
)

// Record is a finished chunk.
type Record struct {
	MinTime, MaxTime int64 // times of the first and the last sample
	Encoding         chunkenc.Encoding
	Data             []byte
}

// Chain locates the records of a series in a [File]. Each record states the place of its
// predecessor, so a series needs no list of chunks in memory. The zero Chain has no
// records.
type Chain struct {
	last  Place
	count int // number of records
	total int // size of all records in bytes
}

// Last returns the place of the newest record.
func (c *Chain) Last() Place { return c.last }

// Place is the position and size of a record in a [File].
type Place struct {
	offset int64
	size   int
}

// File is a temporary file of records:
//
//	8  time of the first sample
//	8  time of the last sample
//	8  offset of the previous record of the chain
//	4  size of the previous record of the chain
//	1  encoding
//	…  chunk
type File struct{ spill spill.File }

const (
	recordHeader = 29
	// fileBuffer is the number of bytes of records to keep in memory. A File with fewer
	// bytes creates no file on disk.
	fileBuffer = 1 << 20
)

// NewFile returns an empty File in dir, or in the system's folder for temporary
// files if dir is empty.
func NewFile(dir string) File { return File{spill.New(dir, fileBuffer)} }

// Put appends a record to a chain.
func (f *File) Put(c *Chain, r Record) error {
	size := recordHeader + len(r.Data)
	b, err := f.spill.Reserve(size)
	if err != nil {
		return err
	}
	offset := f.spill.Size()
	b = binary.LittleEndian.AppendUint64(b, uint64(r.MinTime))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.MaxTime))
	b = binary.LittleEndian.AppendUint64(b, uint64(c.last.offset))
	b = binary.LittleEndian.AppendUint32(b, uint32(c.last.size))
	f.spill.Keep(append(append(b, byte(r.Encoding)), r.Data...))
	*c = Chain{last: Place{offset, size}, count: c.count + 1, total: c.total + size}
	return nil
}

// Read appends the records of a chain to dst, oldest first. Their data is in buf,
// which Read enlarges as needed and returns.
func (f *File) Read(c Chain, dst []Record, buf []byte) ([]Record, []byte, error) {
	if cap(buf) < c.total {
		buf = make([]byte, c.total+c.total/4)
	}
	rest := buf[:c.total]
	n := len(dst)
	dst = append(dst, make([]Record, c.count)...)
	at := c.last
	for i := n + c.count - 1; i >= n; i-- {
		raw := rest[len(rest)-at.size:]
		rest = rest[:len(rest)-at.size]
		if _, err := f.spill.ReadAt(raw, at.offset); err != nil {
			return nil, buf, err
		}
		dst[i] = Record{
			MinTime:  int64(binary.LittleEndian.Uint64(raw)),
			MaxTime:  int64(binary.LittleEndian.Uint64(raw[8:])),
			Encoding: chunkenc.Encoding(raw[recordHeader-1]),
			Data:     raw[recordHeader:],
		}
		at.offset = int64(binary.LittleEndian.Uint64(raw[16:]))
		at.size = int(binary.LittleEndian.Uint32(raw[24:]))
	}
	return dst, buf, nil
}

// Load reads the chunk of one record. The data is in buf, or in a larger buffer in
// its place.
func (f *File) Load(p Place, buf []byte) (chunkenc.Encoding, []byte, error) {
	if cap(buf) < p.size {
		buf = make([]byte, p.size)
	}
	buf = buf[:p.size]
	if _, err := f.spill.ReadAt(buf, p.offset); err != nil {
		return 0, nil, err
	}
	enc := chunkenc.Encoding(buf[recordHeader-1])
	return enc, append(buf[:0], buf[recordHeader:]...), nil
}

// Reset removes all records.
func (f *File) Reset() error { return f.spill.Reset() }

// Close removes the file. It may be called more than once.
func (f *File) Close() error { return f.spill.Close() }
