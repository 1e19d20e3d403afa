// Package fdpool limits the number of open files, however many are being read:
// it closes the least recently used file and opens it again at the next read.
package fdpool

import (
	"container/list"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/pcparchive/pcparchive/internal/filemap"
)

const (
	least = 16
	most  = 256
)

// limit returns the number of files that stay open: half of the number that the system
// allows.
var limit = sync.OnceValue(func() int { return min(most, max(least, allowed()/2)) })

// pool holds the open files.
var pool struct {
	sync.Mutex
	files list.List // of *File, most recently used first
}

// File is a file for reading that the pool may close temporarily. It may be
// used from several goroutines.
type File struct {
	name string
	info fs.FileInfo // detects that another file has replaced this one

	// pool.Mutex guards the fields below.
	f      *os.File      // nil while the pool has closed the file
	users  int           // number of reads in progress
	place  *list.Element // position in pool.files
	closed bool
}

// Open opens a file.
func Open(name string) (*File, error) {
	f := &File{name: name}
	opened, err := f.acquire()
	if err != nil {
		return nil, err
	}
	defer f.release()
	f.info, err = opened.Stat()
	if err != nil {
		f.closed = true
	}
	return f, err
}

// Name returns the name passed to Open.
func (f *File) Name() string { return f.name }

// ReadAt reads at an offset; see io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	opened, err := f.acquire()
	if err != nil {
		return 0, err
	}
	defer f.release()
	return opened.ReadAt(p, off)
}

// Mapped calls do with the bytes from one offset to another; see [filemap.Use].
func (f *File) Mapped(from, to int64, do func([]byte)) error {
	opened, err := f.acquire()
	if err != nil {
		return err
	}
	defer f.release()
	return filemap.Use(opened, from, to, do)
}

// Stat returns the current state of the file.
func (f *File) Stat() (fs.FileInfo, error) {
	opened, err := f.acquire()
	if err != nil {
		return nil, err
	}
	defer f.release()
	return opened.Stat()
}

// Close closes the file.
func (f *File) Close() error {
	pool.Lock()
	defer pool.Unlock()
	f.closed = true
	if f.users > 0 || f.f == nil {
		return nil // the last release closes it
	}
	return f.shut()
}

// acquire returns the open file. The caller must call release.
func (f *File) acquire() (*os.File, error) {
	pool.Lock()
	defer pool.Unlock()
	if f.closed {
		return nil, fmt.Errorf("%s: %w", f.name, fs.ErrClosed)
	}
	if f.f == nil {
		if err := f.reopen(); err != nil {
			return nil, err
		}
	}
	f.users++
	return f.f, nil
}

// release ends the use of the open file.
func (f *File) release() {
	pool.Lock()
	defer pool.Unlock()
	if f.users--; f.users > 0 {
		return
	}
	if f.closed {
		_ = f.shut() // a file opened for reading has nothing to lose
		return
	}
	pool.files.MoveToFront(f.place)
}

// reopen opens the file and closes others to stay within the limit.
func (f *File) reopen() error {
	for el := pool.files.Back(); el != nil && pool.files.Len() >= limit(); {
		old := el.Value.(*File)
		el = el.Prev()
		if old.users == 0 {
			_ = old.shut() // a file opened for reading has nothing to lose
		}
	}
	opened, err := os.Open(f.name)
	if err != nil {
		return err
	}
	if f.info != nil {
		now, err := opened.Stat()
		if err == nil && !os.SameFile(f.info, now) {
			err = fmt.Errorf("%s: another file has replaced it while it was being read", f.name)
		}
		if err != nil {
			opened.Close()
			return err
		}
	}
	f.f = opened
	f.place = pool.files.PushFront(f)
	return nil
}

// shut closes the open file.
func (f *File) shut() error {
	pool.files.Remove(f.place)
	err := f.f.Close()
	f.f, f.place = nil, nil
	return err
}
