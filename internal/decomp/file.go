package decomp

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// File reads the contents of an open file, decoded if the file is compressed.
// It may be used from several goroutines; each Reader belongs to one goroutine.
type File struct {
	raw    io.ReaderAt
	id     ID
	format Format
	limits Limits
	cache  *Cache

	mu    sync.Mutex
	table []window // windows of a compressed file; never changed in place
}

// window is a part of a file that can be decoded independently.
type window struct {
	in, stored int64 // offset and length in the compressed file
	at         int64 // offset in the contents
	size       int64 // length of the contents; may be unknown in the last window only
	flags      uint16
	damaged    bool // cannot be decoded completely and is not to be divided further
}

const unknown = -1

// Open opens the file with the bytes raw. id identifies its current state in
// the cache, which may be shared between files and must not be nil. Several
// goroutines may read raw at the same time. Open reads
// little: the first bytes, and where the windows are.
func Open(raw io.ReaderAt, id ID, l Limits, c *Cache) (*File, error) {
	f := &File{raw: raw, id: id, limits: l, cache: c}
	head := make([]byte, headSize)
	n, err := raw.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	f.format = Detect(head[:n])
	switch f.format {
	case Plain:
		return f, nil
	case XZ, Zstd, Gzip:
		if f.table, err = f.windows(); err != nil {
			return nil, err
		}
	default:
		f.table = f.oneWindow()
	}
	return f, nil
}

func (f *File) windows() ([]window, error) {
	k := key{f.id, tableOf}
	if e, ok := f.cache.get(k); ok {
		return e.table, nil
	}
	find := xzWindows
	switch f.format {
	case Zstd:
		find = zstdWindows
	case Gzip:
		return f.oneWindow(), nil
	}
	t := &table{src: f.raw, size: f.id.Size}
	find(t)
	if t.err != nil {
		return nil, t.err
	}
	if !t.ok {
		t.windows = f.oneWindow()
	}
	f.cache.put(&entry{key: k, table: t.windows})
	return t.windows, nil
}

// oneWindow returns the table of a file that can only be decoded from its
// start.
func (f *File) oneWindow() []window { return []window{{stored: f.id.Size, size: unknown}} }

// all returns the windows of the file at present.
func (f *File) all() []window {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.table
}

// Format returns the compression format of the file.
func (f *File) Format() Format { return f.format }

// Seekable reports whether reaching an offset is cheaper than decoding
// everything before it.
func (f *File) Seekable() bool {
	if f.format == Plain {
		return true
	}
	table := f.all()
	if len(table) != 1 {
		return len(table) > 1
	}
	_, ok := f.cache.spills.whole(f, table[0])
	return ok
}

// RandomAccess reports whether reading at arbitrary offsets decodes each window
// at most once: every window fits into the cache, or is in it or in its files.
func (f *File) RandomAccess() bool {
	for _, w := range f.all() {
		if w.size != unknown && w.size <= f.cache.limit/2 {
			continue
		}
		if _, ok := f.cached(w); ok {
			continue
		}
		if _, ok := f.cache.spills.whole(f, w); !ok {
			return false
		}
	}
	return true
}

// Size returns the length of the contents. ok is false if finding it requires
// decoding. The size of a plain file is its length at the time of Open.
func (f *File) Size() (n int64, ok bool) {
	if f.format == Plain {
		return f.id.Size, true
	}
	table := f.all()
	if len(table) == 0 {
		return 0, true
	}
	w := table[len(table)-1]
	if w.size != unknown {
		return w.at + w.size, true
	}
	if data, ok := f.cached(w); ok {
		return w.at + int64(len(data)), true
	}
	if size, ok := f.cache.spills.whole(f, w); ok {
		return w.at + size, true
	}
	return 0, false
}

// cached returns the contents of a window if they are in the cache.
func (f *File) cached(w window) ([]byte, bool) {
	if e, ok := f.cache.get(key{f.id, w.in}); ok && e.data != nil {
		return e.data, true
	}
	return nil, false
}

// ReadAt reads the contents at off; see io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if f.format == Plain {
		return f.raw.ReadAt(p, off)
	}
	r := f.NewReader(off)
	defer r.Close()
	n, err := io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// NewReader returns a Reader that starts at off. A Reader of a growing plain
// file also reads the bytes added after Open.
func (f *File) NewReader(off int64) *Reader {
	if f.format == Plain {
		return &Reader{f: f, off: off}
	}
	r := &Reader{f: f, table: f.all(), stop: f.limits.Stop}
	r.seek(off)
	return r
}

// wrongSize returns the error for a window whose contents are longer or shorter
// than its table entry says.
func (f *File) wrongSize(w window, got int64) error {
	return &Error{Format: f.format, Near: w.in + w.stored, Detail: fmt.Sprintf("%d bytes instead of %d", got, w.size), Err: ErrCorrupt}
}
