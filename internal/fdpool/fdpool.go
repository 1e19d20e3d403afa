// Package fdpool keeps the number of open files below what the system allows,
// however many files are being read at a time: the one used least recently is
// closed, and opened again when it is read.
package fdpool

import (
	"container/list"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

const (
	least = 16
	most  = 256
)

// limit is how many files stay open: half of what the process may have open.
var limit = sync.OnceValue(func() int { return min(most, max(least, allowed()/2)) })

// pool holds the files that are open.
var pool struct {
	sync.Mutex
	files list.List // of *File, used last first
}

// File is a file open for reading that may be closed in between. It may be used
// from several goroutines.
type File struct {
	name string
	info fs.FileInfo // tells it from another of its name

	// The following belong to pool.
	f      *os.File      // nil: closed for now
	users  int           // that read it just now
	place  *list.Element // in files
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

// Name returns the name under which the file was opened.
func (f *File) Name() string { return f.name }

// ReadAt reads at an offset.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	opened, err := f.acquire()
	if err != nil {
		return 0, err
	}
	defer f.release()
	return opened.ReadAt(p, off)
}

// Stat describes the file as it is now.
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
		return nil // release does it
	}
	return f.shut()
}

// acquire returns the open file for a short time.
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

// release gives the open file back.
func (f *File) release() {
	pool.Lock()
	defer pool.Unlock()
	if f.users--; f.users > 0 {
		return
	}
	if f.closed {
		_ = f.shut() // it was only read
		return
	}
	pool.files.MoveToFront(f.place)
}

// reopen opens the file, and closes others for it.
func (f *File) reopen() error {
	for el := pool.files.Back(); el != nil && pool.files.Len() >= limit(); {
		old := el.Value.(*File)
		el = el.Prev()
		if old.users == 0 {
			_ = old.shut() // it was only read
		}
	}
	opened, err := os.Open(f.name)
	if err != nil {
		return err
	}
	if f.info != nil {
		now, err := opened.Stat()
		if err == nil && !os.SameFile(f.info, now) {
			err = fmt.Errorf("%s: was replaced while it was read", f.name)
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

// shut closes the file that is open.
func (f *File) shut() error {
	pool.files.Remove(f.place)
	err := f.f.Close()
	f.f, f.place = nil, nil
	return err
}
