// Package spill has a temporary file for data that does not fit in memory.
//
// A [File] gathers appended records in a buffer. Only when the buffer is full, it
// creates the file on disk, without a name where the system supports that. Small
// amounts of data therefore never reach a disk.
//
//	b, err := f.Reserve(maxRecord)
//	b = append(b, record...)
//	f.Keep(b)
package spill

import (
	"io"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// File is a temporary file. It is for one goroutine, but several goroutines may
// call ReadAt while none appends.
type File struct {
	dir     string
	limit   int               // size of the buffer
	file    *outlock.TempFile // nil until the buffer was full once
	flushed int64             // size of file
	buf     []byte            // the data that follows the file's
}

// New returns an empty File with a buffer of the given size. It lies in dir, or in
// the system's folder for temporary files if dir is empty.
func New(dir string, buffer int) File { return File{dir: dir, limit: buffer} }

// Size returns the number of appended bytes. It is the offset of the next record.
func (f *File) Size() int64 { return f.flushed + int64(len(f.buf)) }

// Reserve returns the buffer with room for n more bytes. If there was less room, it
// has written the contents of the buffer to disk. The caller appends at most n bytes
// and hands the result to Keep.
func (f *File) Reserve(n int) ([]byte, error) {
	if len(f.buf)+n > cap(f.buf) {
		if err := f.makeRoom(n); err != nil {
			return nil, err
		}
	}
	return f.buf, nil
}

// Keep sets the buffer to the one that Reserve returned, with the data appended to
// it.
func (f *File) Keep(buf []byte) { f.buf = buf }

// makeRoom writes the contents of the buffer to disk, if it has any, and makes the
// buffer large enough for n bytes.
func (f *File) makeRoom(n int) error {
	if len(f.buf) > 0 {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	if size := max(n, f.limit); cap(f.buf) < size {
		f.buf = make([]byte, 0, size)
	}
	return nil
}

// Flush writes the buffer to disk.
func (f *File) Flush() error {
	if f.file == nil {
		file, err := outlock.NewTempFile(f.dir)
		if err != nil {
			return err
		}
		f.file = file
	}
	n, err := f.file.WriteAt(f.buf, f.flushed)
	f.flushed += int64(n)
	f.buf = f.buf[:0]
	return err
}

// ReadAt reads appended data, from disk or from the buffer, as an io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if ahead := f.flushed - off; ahead > 0 {
		n, err = f.file.ReadAt(p[:min(int64(len(p)), ahead)], off)
		if n == len(p) || int64(n) < ahead {
			return n, err
		}
	}
	if at := off + int64(n) - f.flushed; at < int64(len(f.buf)) {
		n += copy(p[n:], f.buf[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reset removes all data. It keeps the buffer and the file.
func (f *File) Reset() error {
	f.flushed, f.buf = 0, f.buf[:0]
	if f.file == nil {
		return nil
	}
	return f.file.Truncate(0)
}

// Close removes the file and frees the buffer. It may be called more than once.
func (f *File) Close() error {
	f.buf, f.flushed = nil, 0
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
