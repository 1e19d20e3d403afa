package archive

import (
	"container/list"
	"errors"
	"os"
	"sync"
)

// FilePool bounds how many files several Appenders have open together: a file
// that was not written for some time is closed, and opened again when there is
// more for it. An Appender that is written alone needs none.
type FilePool struct {
	mu      sync.Mutex
	most    int
	open    list.List     // of *pooledFile, written last first
	packing chan struct{} // has room for volumes being compressed
}

// packedAtOnce is how many volumes are compressed at a time, each with two files
// and the memory of a compressor.
const packedAtOnce = 4

// NewFilePool returns a pool of n files, besides those of volumes that are being
// compressed.
func NewFilePool(n int) *FilePool {
	return &FilePool{most: max(1, n), packing: make(chan struct{}, packedAtOnce)}
}

// opener returns a function that opens files by way of the pool.
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

// enter opens a file for a user, in the place of others.
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

// pooledFile is a file that is open while it is written, and as long as there is
// room.
type pooledFile struct {
	pool  *FilePool
	name  string
	file  *os.File // nil: closed
	place *list.Element
	users int
	err   error // of closing it meanwhile
}

// use hands the open file to do.
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

// leave closes the file until it is used again.
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

// Truncate cuts the file.
func (f *pooledFile) Truncate(size int64) error {
	return f.use(func(file *os.File) error { return file.Truncate(size) })
}

// Sync sees the file to the disk.
func (f *pooledFile) Sync() error { return f.use((*os.File).Sync) }

// Close closes the file for good.
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

// pack runs do when there is room for one more volume being compressed.
func (p *FilePool) pack(do func() error) error {
	if p == nil {
		return do()
	}
	p.packing <- struct{}{}
	defer func() { <-p.packing }()
	return do()
}
