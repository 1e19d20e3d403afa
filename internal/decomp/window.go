package decomp

import (
	"bytes"
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// window returns a reader of window w without its first skip bytes. If skip is
// positive and the window fits into the cache, window decodes and caches all of
// it. Reading such a window from its start takes no memory. A window that does not
// fit, or may not, is read from the cache's files. stop, unless nil, is asked while bytes
// are decoded that are skipped; its error ends that.
func (f *File) window(w window, skip int64, stop func() error) (io.ReadCloser, error) {
	k := key{f.id, w.in}
	e, known := f.cache.get(k)
	if known && e.data != nil {
		return cut(e.data, skip), nil
	}
	if known || w.size == unknown || w.size > f.cache.limit/2 {
		if r, ok, err := f.spilled(w, skip, skip == 0 || known || w.size != unknown, stop); ok {
			return r, err
		}
	}
	r, err := f.decode(w)
	if err != nil {
		return nil, err
	}
	if skip == 0 {
		return r, nil
	}
	if stop != nil {
		r = asking{r, stop}
	}
	if known || w.size > f.cache.limit/2 {
		if err := discard(r, skip); err != nil {
			r.Close()
			return nil, err
		}
		return r, nil
	}
	fits := f.cache.limit / 2
	if w.size != unknown {
		fits = w.size + 1 // one more byte, to see the end without another buffer
	}
	data, err := readUpTo(r, fits)
	switch {
	case errors.Is(err, io.EOF):
		r.Close()
		f.cache.put(&entry{key: k, data: data})
		return cut(data, skip), nil
	case err == nil:
		f.cache.put(&entry{key: k}) // do not try to cache this window again
	}
	// Return the decoded bytes, then the rest of the window or the error.
	rest := &failing{ReadCloser: r, err: err}
	if skip > int64(len(data)) {
		if err := discard(rest, skip-int64(len(data))); err != nil {
			rest.Close()
			return nil, err
		}
		return rest, nil
	}
	return &joined{Reader: io.MultiReader(bytes.NewReader(data[skip:]), rest), Closer: r}, nil
}

// asking reads until stop returns an error.
type asking struct {
	io.ReadCloser
	stop func() error
}

func (r asking) Read(p []byte) (int, error) {
	if err := r.stop(); err != nil {
		return 0, err
	}
	return r.ReadCloser.Read(p[:min(len(p), spillStep)])
}

// cut returns a reader of a decoded window without its first skip bytes.
func cut(data []byte, skip int64) io.ReadCloser {
	return io.NopCloser(bytes.NewReader(data[min(skip, int64(len(data))):]))
}

// failing reads and then returns an earlier error.
type failing struct {
	io.ReadCloser
	err error
}

func (r *failing) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.ReadCloser.Read(p)
}

type joined struct {
	io.Reader
	io.Closer
}

// readUpTo reads at most limit bytes. Its error is io.EOF if r ended before the
// limit. It allocates in proportion to the bytes read.
func readUpTo(r io.Reader, limit int64) ([]byte, error) { return readInto(nil, r, limit) }

// readInto does the same as readUpTo. It uses the memory of data, which is empty.
func readInto(data []byte, r io.Reader, limit int64) ([]byte, error) {
	if cap(data) == 0 {
		data = make([]byte, 0, min(limit, 64<<10))
	}
	for {
		if int64(len(data)) >= limit {
			return data, nil
		}
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(limit, 2*int64(cap(data))))
			copy(grown, data)
			data = grown
		}
		n, err := r.Read(data[len(data):min(int64(cap(data)), limit)])
		data = data[:len(data)+n]
		if err != nil {
			return data, err
		}
	}
}

// discard skips n bytes. If the window ends earlier, the next Read reports it.
func discard(r io.Reader, n int64) error {
	buf := make([]byte, min(n, 64<<10))
	for n > 0 {
		got, err := r.Read(buf[:min(n, int64(len(buf)))])
		n -= int64(got)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decode returns a reader of a complete window.
func (f *File) decode(w window) (io.ReadCloser, error) {
	s := &stored{f: f, w: w, section: io.NewSectionReader(f.raw, w.in, w.stored)}
	if err := decoders[f.format](s); err != nil {
		s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// stored decodes one window of a file. It separates errors in the contents from
// errors while reading the file.
type stored struct {
	f       *File
	w       window
	section *io.SectionReader
	broken  error // error while reading the file
	got     int64
	dec     io.Reader
	release func()
}

// rawReader is the input of a decoder.
type rawReader struct{ *stored }

func (r rawReader) Read(p []byte) (int, error) {
	n, err := r.section.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.broken = err
	}
	return n, err
}

// Read reads the contents of the window.
func (s *stored) Read(p []byte) (int, error) {
	n, err := s.dec.Read(p)
	s.got += int64(n)
	if s.w.size != unknown && (s.got > s.w.size || errors.Is(err, io.EOF) && s.got < s.w.size) {
		return n, s.f.wrongSize(s.w, s.got)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.explain(err)
	}
	return n, err
}

// Close returns the decoder to its pool.
func (s *stored) Close() error {
	if s.release != nil {
		s.release()
		s.release = nil
	}
	return nil
}

// explain converts a decoder's error into an [Error].
func (s *stored) explain(err error) error {
	if s.broken != nil {
		return s.broken
	}
	near, _ := s.section.Seek(0, io.SeekCurrent)
	e := &Error{Format: s.f.format, Near: s.w.in + near, Detail: err.Error(), Err: ErrCorrupt}
	switch {
	case isLimit(err):
		e.Err = ErrLimit
	case eof.Is(err):
		e.Detail = "it ends too early"
	}
	return e
}
