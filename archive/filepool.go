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
		if _, err := f.enter(flags); err != nil {
			return nil, err
		}
		f.exit()
		return f, nil
	}
}

// makeRoom takes files that nobody uses out of the pool, so that one more has room. The
// caller holds the pool's lock, and closes them without it.
func (p *FilePool) makeRoom() (out []*leaving) {
	for e := p.open.Back(); e != nil && p.open.Len() >= p.most; {
		old, before := e.Value.(*pooledFile), e.Prev()
		if old.users == 0 {
			out = append(out, old.leave())
		}
		e = before
	}
	return out
}

// pooledFile is a file that the pool may close between writes. The pool's lock guards
// the fields from file on. Nobody holds it while the system opens or closes a file, which
// may wait for the disk: other archives are being written.
type pooledFile struct {
	pool *FilePool
	name string

	opening sync.Mutex // held while the file is opened or closed for good

	file    *os.File // nil while the pool has closed the file
	place   *list.Element
	users   int
	leaving *leaving // the last closing between writes; may be nil
	err     error    // error from closing the file between writes
}

// leaving is a file that the pool closes.
type leaving struct {
	of   *pooledFile
	file *os.File
	done chan struct{} // closed when the file is
}

// leave takes the file out of the pool until its next use. The caller holds the pool's lock.
func (f *pooledFile) leave() *leaving {
	f.leaving = &leaving{f, f.file, make(chan struct{})}
	f.pool.open.Remove(f.place)
	f.file, f.place = nil, nil
	return f.leaving
}

// close closes the file.
func (l *leaving) close() {
	err := l.file.Close()
	l.of.pool.mu.Lock()
	l.of.err = errors.Join(l.of.err, err)
	l.of.pool.mu.Unlock()
	close(l.done)
}

// left waits until the pool has closed the file, and returns the error of that.
func (f *pooledFile) left() error {
	f.pool.mu.Lock()
	l := f.leaving
	f.pool.mu.Unlock()
	if l != nil {
		<-l.done
	}
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	return f.err
}

// enter returns the open file, which stays open until exit.
func (f *pooledFile) enter(flags int) (*os.File, error) {
	f.opening.Lock()
	defer f.opening.Unlock()
	p := f.pool
	p.mu.Lock()
	if file := f.file; f.err == nil && file != nil {
		p.open.MoveToFront(f.place)
		f.users++
		p.mu.Unlock()
		return file, nil
	}
	p.mu.Unlock()
	if err := f.left(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	others := p.makeRoom()
	f.place = p.open.PushFront(f)
	f.users++
	p.mu.Unlock()
	for _, other := range others {
		other.close()
	}
	file, err := os.OpenFile(f.name, flags, 0o644)
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.file = file; err != nil {
		p.open.Remove(f.place)
		f.file, f.place = nil, nil
		f.users--
		return nil, err
	}
	return file, nil
}

// exit lets the pool close the file.
func (f *pooledFile) exit() {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	f.users--
}

// use calls do with the open file.
func (f *pooledFile) use(do func(*os.File) error) error {
	file, err := f.enter(os.O_WRONLY)
	if err != nil {
		return err
	}
	defer f.exit()
	return do(file)
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
	f.opening.Lock()
	defer f.opening.Unlock()
	f.pool.mu.Lock()
	var last *leaving
	if f.file != nil {
		last = f.leave()
	}
	f.pool.mu.Unlock()
	if last != nil {
		last.close()
	}
	err := f.left()
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
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
