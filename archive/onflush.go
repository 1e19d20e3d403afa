package archive

import (
	"errors"
	"os"
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
	f.publish = func(contents []byte) (disk, error) {
		if a.meta.f == nil && f != &a.meta {
			return a.createWith(name, contents)
		}
		aside := partialName(a.base, name)
		if err := os.WriteFile(aside, contents, 0o644); err != nil {
			return nil, errors.Join(err, os.Remove(aside))
		}
		if err := rename(aside, name); err != nil {
			return nil, errors.Join(err, os.Remove(aside))
		}
		return a.opts.Files.opener(openFile, os.O_RDWR)(name)
	}
}

// createWith creates a file with contents, or leaves nothing.
func (a *Appender) createWith(name string, contents []byte) (disk, error) {
	f, err := a.open(name)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(contents, 0); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(name))
	}
	return f, nil
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
func (a *Appender) Buffered() int { return len(a.meta.buf) + len(a.data.buf) + len(a.index.buf) }

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
