package decomp

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// spillReader reads a window from its file and decodes what the file lacks.
type spillReader struct {
	f   *File
	p   *spilled
	off int64
	// stop is asked before more is decoded; it may be nil
	stop func() error
	own  io.ReadCloser // in place of p, if p lacks the bytes at off and no room is left for them
}

// spilled returns a reader of a window from skip on. If the window is not among
// the cache's files yet, spilled adds it if begin is true. ok is false if it is
// not kept there. stop is that of window.
func (f *File) spilled(w window, skip int64, begin bool, stop func() error) (r io.ReadCloser, ok bool, err error) {
	p := f.cache.spills.open(f, w, begin)
	if p == nil {
		return nil, false, nil
	}
	s := &spillReader{f: f, p: p, stop: stop}
	if err := s.skip(skip); err != nil {
		s.Close()
		return nil, true, err
	}
	return s, true, nil
}

// skip moves to an offset. If the window ends before it, the next Read reports
// that.
func (s *spillReader) skip(to int64) error {
	for s.off < to && s.own == nil {
		size, _, ended, err := s.reach()
		if err != nil {
			return err
		}
		if size <= s.off && ended == nil {
			continue
		}
		if err = ended; size <= s.off {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		s.off = min(size, to)
	}
	if s.own != nil && s.off < to {
		return discard(s.own, to-s.off)
	}
	return nil
}

// reach returns what is in the file, and the error that ends the contents. If the reader has
// read all of that, reach decodes more, with an error if it fails.
func (s *spillReader) reach() (size int64, head []byte, ended, err error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	size, head, ended = s.p.size, s.p.head, s.p.err
	if s.off >= size && ended == nil {
		err = s.decode()
	}
	return size, head, ended, err
}

// Read reads from the file, or decodes more.
func (s *spillReader) Read(b []byte) (int, error) {
	for {
		if s.own != nil {
			return s.own.Read(b)
		}
		size, head, ended, err := s.reach()
		err = cmp.Or(err, ended)
		switch {
		case s.off < int64(len(head)):
			n := copy(b, head[s.off:])
			s.off += int64(n)
			return n, nil
		case s.off < size:
			return s.read(b[:min(int64(len(b)), size-s.off)])
		case err != nil:
			return 0, err
		}
	}
}

// read reads bytes that are in the file.
func (s *spillReader) read(b []byte) (int, error) {
	n, err := s.p.file.ReadAt(b, s.off)
	s.off += int64(n)
	if n > 0 || len(b) == 0 {
		return n, nil
	}
	return 0, eof.Early(err) // the file holds these bytes
}

// decode makes the window longer, or continues with a decoder of its own. The
// caller holds p.mu and has read all of p.
func (s *spillReader) decode() error {
	if s.stop != nil {
		if err := s.stop(); err != nil {
			return err
		}
	}
	if s.p.dec != nil {
		rest, dec, err := s.p.more(s.f)
		if dec != nil {
			s.own = &joined{Reader: io.MultiReader(bytes.NewReader(rest), dec), Closer: dec}
		}
		return err
	}
	dec, err := s.f.decode(s.p.key.window) // another reader took the decoder
	if err != nil {
		return err
	}
	if s.stop != nil {
		dec = asking{dec, s.stop}
	}
	if err := discard(dec, s.off); err != nil {
		dec.Close()
		return err
	}
	s.own = dec
	return nil
}

// Close ends the use of the window.
func (s *spillReader) Close() error {
	if s.p == nil {
		return nil
	}
	var err error
	if s.own != nil {
		err = s.own.Close()
	}
	s.p.release()
	s.p = nil
	return err
}

// Hold decodes the windows that are too long for the memory of the cache into
// its files. The caller calls release when it no longer needs them. ok is false
// if not all windows can be read at any offset then. stop, unless nil, is asked while
// windows are decoded; its error ends that.
func (f *File) Hold(stop func() error) (release func(), ok bool) {
	var held []io.Closer
	for _, w := range f.all() {
		if w.size != unknown && w.size <= f.cache.limit/2 {
			continue
		}
		if r, kept, err := f.spilled(w, math.MaxInt64, true, stop); kept && err == nil {
			held = append(held, r)
		}
	}
	return func() {
		for _, r := range held {
			_ = r.Close() // it was only held
		}
	}, f.RandomAccess()
}
