package archive

import (
	"container/list"
	"errors"
	"os"
	"sync"
)

// FilePool limits the number of files that several Appenders keep open. It
// closes the file that was not written for the longest time and opens it again
// when more is written. A single Appender does not need one.
type FilePool struct {
	mu      sync.Mutex
	most    int
	open    list.List     // of *pooledFile, most recently written first
	packing chan struct{} // limits the number of volumes being compressed
}

// packedAtOnce is the number of volumes compressed at the same time. Each takes
// two open files and the memory of a compressor.
const packedAtOnce = 4

// NewFilePool returns a pool of n files. Files of volumes being compressed do
// not count.
func NewFilePool(n int) *FilePool {
	return &FilePool{most: max(1, n), packing: make(chan struct{}, packedAtOnce)}
}

// opener wraps open in a function that opens files through the pool.
func (p *FilePool) opener(open func(name string) (disk, error), flags int) func(name string) (disk, error) {
	if p == nil {
		return open
	}
	return func(name string) (disk, error) {
		f := &pooledFile{pool: p, name: name}
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := p.enter(f, flags); err != nil {
			return nil, err
		}
		f.users--
		return f, nil
	}
}

// enter opens a file and closes others to stay within the limit.
func (p *FilePool) enter(f *pooledFile, flags int) (err error) {
	for e := p.open.Back(); e != nil && p.open.Len() >= p.most; {
		old, before := e.Value.(*pooledFile), e.Prev()
		if old.users == 0 {
			old.err = errors.Join(old.err, old.leave())
		}
		e = before
	}
	if f.file, err = os.OpenFile(f.name, flags, 0o644); err != nil {
		return err
	}
	f.place = p.open.PushFront(f)
	f.users++
	return nil
}

// pooledFile is a file that the pool may close between writes.
type pooledFile struct {
	pool  *FilePool
	name  string
	file  *os.File // nil while the pool has closed the file
	place *list.Element
	users int
	err   error // error from closing the file between writes
}

// use calls do with the open file.
func (f *pooledFile) use(do func(*os.File) error) error {
	p := f.pool
	p.mu.Lock()
	err := f.err
	switch {
	case err != nil:
	case f.file == nil:
		err = p.enter(f, os.O_WRONLY)
	default:
		p.open.MoveToFront(f.place)
		f.users++
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	defer func() {
		p.mu.Lock()
		f.users--
		p.mu.Unlock()
	}()
	return do(f.file)
}

// leave closes the file until its next use.
func (f *pooledFile) leave() error {
	err := f.file.Close()
	f.pool.open.Remove(f.place)
	f.file, f.place = nil, nil
	return err
}

// Name returns the file's name.
func (f *pooledFile) Name() string { return f.name }

// WriteAt writes at an offset.
func (f *pooledFile) WriteAt(b []byte, off int64) (n int, err error) {
	err = f.use(func(file *os.File) error {
		n, err = file.WriteAt(b, off)
		return err
	})
	return n, err
}

// Truncate changes the size of the file.
func (f *pooledFile) Truncate(size int64) error {
	return f.use(func(file *os.File) error { return file.Truncate(size) })
}

// Sync waits until the file is on the disk.
func (f *pooledFile) Sync() error { return f.use((*os.File).Sync) }

// Close closes the file permanently.
func (f *pooledFile) Close() error {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	err := f.err
	if f.file != nil {
		err = errors.Join(err, f.leave())
	}
	f.err = os.ErrClosed
	return err
}

// pack calls do as soon as fewer than packedAtOnce volumes are being
// compressed.
func (p *FilePool) pack(do func() error) error {
	if p == nil {
		return do()
	}
	p.packing <- struct{}{}
	defer func() { <-p.packing }()
	return do()
}
