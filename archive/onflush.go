package archive

import (
	"errors"
	"os"
	"slices"
	"sync"
)

// buffers are empty buffers of archives with the option OnFlush.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// mostPooled is the largest buffer that is kept for reuse.
const mostPooled = 1 << 20

// borrow gives a file an empty buffer if it has none.
func (f *file) borrow() {
	if f.buf == nil {
		f.buf = (*buffers.Get().(*[]byte))[:0]
	}
}

// shelve takes the buffer out of the way when it is long. It would otherwise move to a larger
// place again and again while the metadata of a hundred thousand series comes, and leave
// several times its length as garbage.
func (f *file) shelve() {
	if len(f.buf) < mostPooled/2 {
		return
	}
	f.shelf = append(f.shelf, f.buf)
	f.buf = make([]byte, 0, mostPooled)
}

// prepend puts bytes before those that are not written yet.
func (f *file) prepend(b []byte) {
	if len(f.shelf) > 0 {
		f.shelf = slices.Insert(f.shelf, 0, b)
		return
	}
	f.buf = slices.Insert(f.buf, 0, b...)
}

// lend frees the buffer, which is written.
func (f *file) lend() {
	if buf := f.buf; cap(buf) > 0 && cap(buf) <= mostPooled {
		buffers.Put(&buf)
	}
	f.buf = nil
}

// later makes the first flush of a file create it. The file appears with its contents.
// Before an archive has metadata, nobody reads its other files, which saves renaming them.
func (a *Appender) later(f *file, name string) {
	f.publish = func() (disk, error) {
		if a.meta.f == nil && f != &a.meta {
			return a.createWith(f, name)
		}
		aside := partialName(a.base, name)
		err := f.save(aside)
		if err == nil {
			err = rename(aside, name)
		}
		if err != nil {
			return nil, errors.Join(err, os.Remove(aside))
		}
		return a.opts.Files.opener(openFile, os.O_RDWR)(name)
	}
}

// save writes the buffers to a file, which may exist.
func (f *file) save(name string) error {
	to, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f.writeTo(to, 0), to.Close())
}

// createWith creates a file with the buffers of f, or leaves nothing.
func (a *Appender) createWith(f *file, name string) (disk, error) {
	to, err := a.open(name)
	if err != nil {
		return nil, err
	}
	if err := f.writeTo(to, 0); err != nil {
		return nil, errors.Join(err, to.Close(), os.Remove(name))
	}
	return to, nil
}

// rename renames a file to a name that no file has. Nobody else writes the archive.
func rename(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return &os.PathError{Op: "create", Path: to, Err: os.ErrExist}
	}
	return os.Rename(from, to)
}

// Sync writes the buffers, as Flush does, and waits until everything is on the disk.
func (a *Appender) Sync() error {
	if err := a.Flush(); err != nil {
		return err
	}
	for _, f := range a.files() {
		if err := f.sync(); err != nil {
			return a.fail(err)
		}
	}
	return nil
}

// Complete is Close for an archive to which nothing will be appended: it compresses the
// last volume, too, if the options ask for compression.
func (a *Appender) Complete() error {
	a.opts.CompressLast = true
	return a.Close()
}

// Buffered returns the number of bytes that are not written yet.
func (a *Appender) Buffered() int { return a.meta.buffered() + a.data.buffered() + a.index.buffered() }

// waits reports whether a complete file must be on the disk before a goes on.
func (a *Appender) waits() bool { return !a.opts.NoSync && !a.opts.OnFlush }

// IsFull reports whether a write failed because the disk, or a quota, is full.
func IsFull(err error) bool {
	for _, full := range fullErrors {
		if errors.Is(err, full) {
			return true
		}
	}
	return false
}
