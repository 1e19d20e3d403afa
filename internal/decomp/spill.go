package decomp

import (
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// Spill says where a [Cache] keeps the contents of windows that are too long for
// its memory, so that they are decoded once and not by each reader.
type Spill struct {
	// Limit is the number of bytes that all files of the Cache may hold.
	Limit int64
	// Create creates an empty file, which its Close removes.
	Create func() (SpillFile, error)
}

// SpillFile is a temporary file.
type SpillFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

const (
	mostSpills = 8        // windows that a Cache keeps in files; each may have a decoder
	spillStep  = 64 << 10 // bytes decoded at a time
	spillRead  = 4 << 10  // longest Read of a decoder
	spillHead  = 1 << 20  // bytes of a window that stay in memory
)

// spills are the files of a Cache, the least recently used first.
type spills struct {
	Spill
	mu   sync.Mutex
	used int64
	all  []*spilled
}

// SetSpill makes the cache keep long windows in files. The caller sets it before
// it opens files with the cache.
func (c *Cache) SetSpill(s Spill) { c.spills.Spill = s }

// spillKey identifies a window. A window that damage has divided is another one.
type spillKey struct {
	file ID
	window
}

// spilled is a window whose contents are in a file, as far as a reader has asked
// for them. The reader that goes beyond them decodes more.
type spilled struct {
	key   spillKey
	owner *spills
	users int // readers; guarded by owner.mu

	mu   sync.Mutex
	head []byte          // the first bytes
	file SpillFile       // holds the bytes that follow head, at their offsets; nil if there are none
	free runtime.Cleanup // closes file when nobody uses the Cache any more
	size int64           // bytes decoded
	err  error           // what follows these bytes, once it is known
	dec  io.ReadCloser   // nil when err is known, or a reader took it
	raw  *lentReader     // input of dec
	buf  []byte
}

// lentReader reads the file of the reader that decodes at present, because the
// file of the one that began may be closed.
type lentReader struct{ io.ReaderAt }

// open returns the window for one more reader. If it is not among the files yet,
// open adds it if begin is true. It returns nil if the window is not kept.
func (s *spills) open(f *File, w window, begin bool) *spilled {
	if s.Limit <= 0 || s.Create == nil || w.size > s.Limit {
		return nil
	}
	k := spillKey{f.id, w}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, known := range s.all {
		if known.key == k {
			s.all = append(append(s.all[:i:i], s.all[i+1:]...), known)
			known.users++
			return known
		}
	}
	if !begin || len(s.all) >= mostSpills && !s.evict() {
		return nil
	}
	p := &spilled{key: k, owner: s, users: 1, raw: &lentReader{f.raw}}
	lent := &File{raw: p.raw, id: f.id, format: f.format, limits: f.limits, cache: f.cache}
	dec, err := lent.decode(w)
	if err != nil {
		return nil // the caller meets the error again
	}
	p.dec = dec
	s.all = append(s.all, p)
	return p
}

// evict removes the file that no reader uses for the longest time.
func (s *spills) evict() bool {
	for i, p := range s.all {
		if p.users == 0 {
			s.all = append(s.all[:i:i], s.all[i+1:]...)
			s.discard(p)
			return true
		}
	}
	return false
}

// discard closes the file of a window that is no longer in all and has no user.
func (s *spills) discard(p *spilled) {
	s.used -= p.size
	if p.dec != nil {
		p.dec.Close()
		p.dec = nil
	}
	if p.file != nil {
		p.free.Stop()
		_ = p.file.Close() // its contents are not needed
	}
}

// reserve counts n further bytes. It reports whether there is room for them.
func (s *spills) reserve(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.used+n > s.Limit {
		if !s.evict() {
			return false
		}
	}
	s.used += n
	return true
}

// release ends the use by one reader. A window that cannot be decoded to its end, of which
// readers have only seen the beginning, or whose decoder panicked goes with its last reader.
func (p *spilled) release() {
	p.mu.Lock()
	worthless := p.err == nil && (p.dec == nil || p.file == nil) || errors.As(p.err, new(*defect.Error))
	p.mu.Unlock()
	s := p.owner
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.users--; p.users > 0 || !worthless {
		return
	}
	for i, known := range s.all {
		if known == p {
			s.all = append(s.all[:i:i], s.all[i+1:]...)
			break
		}
	}
	s.discard(p)
}

// whole returns the length of the contents if all of them are in the file,
// undamaged.
func (s *spills) whole(f *File, w window) (size int64, ok bool) {
	p := s.open(f, w, false)
	if p == nil {
		return 0, false
	}
	defer p.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size, errors.Is(p.err, io.EOF)
}

// more decodes the next bytes into the file, for a reader of f that has read all
// of those before. It returns the decoder if there is no room for more: rest then
// follows, and after it what the decoder returns.
func (p *spilled) more(f *File) (rest []byte, dec io.ReadCloser, err error) {
	if p.buf == nil {
		p.buf = make([]byte, spillStep)
	}
	p.raw.ReaderAt = f.raw
	var n int
	if failed := defect.Catch(func() { n, err = p.decode() }); failed != nil {
		p.dec, p.err = nil, failed // what the decoder would yield is unknown
		failed.Raise()
	}
	if n > 0 && (!p.owner.reserve(int64(n)) || !p.write(p.buf[:n])) {
		dec, p.dec = p.dec, nil
		return p.buf[:n], &failing{ReadCloser: dec, err: err}, nil
	}
	p.size += int64(n)
	if err == nil {
		return nil, nil, nil
	}
	p.dec.Close()
	p.dec, p.buf = nil, nil
	var de *Error
	if !errors.Is(err, io.EOF) && !errors.As(err, &de) {
		return nil, nil, err // reading the file failed, which may not happen again
	}
	p.err = err
	return nil, nil, nil
}

// decode fills buf with the next bytes. Some decoders lose the bytes of a Read that
// meets damage. Short reads at fixed places lose few, and the same whoever asks.
func (p *spilled) decode() (n int, err error) {
	for n < len(p.buf) && err == nil {
		var got int
		got, err = p.dec.Read(p.buf[n:min(n+spillRead-n%spillRead, len(p.buf))])
		n += got
	}
	return n, err
}

// write keeps b, in memory or in the file.
func (p *spilled) write(b []byte) bool {
	if p.file == nil && len(p.head)+len(b) <= spillHead {
		p.head = append(p.head, b...)
		return true
	}
	err := p.create()
	if err == nil {
		_, err = p.file.WriteAt(b, p.size)
	}
	if err != nil {
		p.owner.mu.Lock()
		p.owner.used -= int64(len(b))
		p.owner.mu.Unlock()
	}
	return err == nil
}

// create creates the file, if it does not exist.
func (p *spilled) create() (err error) {
	if p.file != nil {
		return nil
	}
	if p.file, err = p.owner.Create(); err != nil {
		p.file = nil
		return err
	}
	p.free = runtime.AddCleanup(p, func(f SpillFile) { _ = f.Close() }, p.file)
	return nil
}
