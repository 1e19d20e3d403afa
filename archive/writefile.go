package archive

import (
	"errors"
	"io"
	"os"
)

// disk is the interface to a file that an Appender writes.
type disk interface {
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
	Name() string
}

const createFlags = os.O_CREATE | os.O_EXCL | os.O_WRONLY

// createFile creates a file, which must not exist.
func createFile(name string) (disk, error) {
	f, err := os.OpenFile(name, createFlags, 0o644)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// file is a file of the archive with a buffer of bytes not yet written.
type file struct {
	f       disk
	shelf   [][]byte // full buffers before buf, see shelve
	buf     []byte
	written int64
	dirty   bool // the file was written since the last sync
	// publish, if not nil, creates the file with its buffers as its first contents.
	publish func() (disk, error)
}

// size returns the length of the file including its buffers.
func (f *file) size() int64 { return f.written + int64(f.buffered()) }

// buffered returns the number of bytes that are not written yet.
func (f *file) buffered() int {
	n := len(f.buf)
	for _, full := range f.shelf {
		n += len(full)
	}
	return n
}

func (f *file) flush() error {
	n := f.buffered()
	if n == 0 {
		return nil
	}
	if err := f.write(); err != nil {
		return err
	}
	f.dirty = true
	f.written += int64(n)
	f.shelf, f.buf = nil, f.buf[:0]
	return nil
}

// write writes the buffers, or nothing if it fails.
func (f *file) write() (err error) {
	if f.f == nil && f.publish != nil {
		f.f, err = f.publish()
		return err
	}
	if err := f.writeTo(f.f, f.written); err != nil {
		// Do not leave a partial record behind.
		return errors.Join(err, f.f.Truncate(f.written))
	}
	return nil
}

// writeTo writes the buffers one behind the other.
func (f *file) writeTo(to io.WriterAt, offset int64) error {
	for _, full := range f.shelf {
		if _, err := to.WriteAt(full, offset); err != nil {
			return err
		}
		offset += int64(len(full))
	}
	_, err := to.WriteAt(f.buf, offset)
	return err
}

// sync waits until the file is on the disk if it was written since the last call.
func (f *file) sync() error {
	if !f.dirty || f.f == nil {
		return nil
	}
	if err := f.f.Sync(); err != nil {
		return err
	}
	f.dirty = false
	return nil
}

// discard removes a file.
func (f *file) discard() {
	if f.f != nil {
		f.f.Close()
		os.Remove(f.f.Name())
		f.f = nil
	}
}

// finish closes a file and, if sync is set, waits until it is on the disk.
func (f *file) finish(sync bool) error {
	if f.f == nil {
		return nil
	}
	var err error
	if sync {
		err = f.f.Sync()
	}
	return errors.Join(err, f.f.Close())
}
