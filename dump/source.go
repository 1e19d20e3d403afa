package dump

import (
	"io"

	"github.com/pcparchive/pcparchive/archive"
)

// source is what a file of an archive holds, decompressed. Reading on from where
// the last read ended costs least.
type source struct {
	f      *archive.File
	size   int64
	stream io.Reader // stands at next; nil: none
	next   int64     // where the last read ended
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
		// Damage ends what can be read; whoever reads up to there will meet it.
		n, _ = io.Copy(io.Discard, f.From(0))
	}
	s.size = n
	return s, nil
}

// Size returns how many bytes there are.
func (s *source) Size() int64 { return s.size }

// Close closes the file.
func (s *source) Close() error { return s.f.Close() }

// ReadAt reads at an offset.
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
