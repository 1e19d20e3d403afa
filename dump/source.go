package dump

import (
	"io"

	"github.com/pcparchive/pcparchive/archive"
)

// source gives access to the decompressed content of an archive's file. A read that
// continues the last one is cheapest.
type source struct {
	f      *archive.File
	size   int64     // decompressed length in bytes
	stream io.Reader // reads from offset next on; nil if the last read was not sequential
	next   int64     // offset at which the last read ended
}

// openSource opens a member.
func openSource(m archive.Member) (*source, error) {
	f, err := archive.OpenMember(m, nil)
	if err != nil {
		return nil, err
	}
	s := &source{f: f}
	n, known := f.Length()
	if !known {
		// An error here is damage. Reading up to it reports it.
		n, _ = io.Copy(io.Discard, f.From(0))
	}
	s.size = n
	return s, nil
}

// Size returns the decompressed length in bytes.
func (s *source) Size() int64 { return s.size }

// Close closes the file.
func (s *source) Close() error { return s.f.Close() }

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (n int, err error) {
	defer func() { s.next = off + int64(n) }()
	switch {
	case !s.f.Compressed() || off != s.next:
		s.stream = nil
		return s.f.ReadAt(p, off)
	case s.stream == nil:
		s.stream = s.f.From(off)
	}
	return io.ReadFull(s.stream, p)
}
