package receive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
)

// stream is one file of an archive that is being received.
type stream struct {
	path string
	size int64 // of the file
	progress
	// cursor is where the next part of a client begins that does not name the offset.
	cursor int64
	// doubt: after a restart, the file may have more than the client knows.
	doubt bool
	seed  maphash.Seed
	last  uint64 // hash of the last part if that was of whole records
}

// progress is how far the records of a file are checked.
type progress struct {
	rule rule
	// start is the offset of the unfinished record at the end, or the size of the file if
	// there is none.
	start int64
	prior int64 // offset of the record before start; 0 if there is none
}

// after returns the progress after a whole record.
func (p progress) after(record []byte) (progress, error) {
	next, err := p.rule.next(record)
	return progress{next, p.start + int64(len(record)), p.start}, err
}

// rule checks the records of a file. It does not change.
type rule interface {
	// length returns the length of the record that begins with head, 0 if head is too
	// short to tell. Of an unfinished record it checks what is in head.
	length(head []byte) (int64, error)
	// next returns the rule after a whole record.
	next(record []byte) (rule, error)
}

// newStream creates a file with its first bytes.
func newStream(path string, label []byte, r rule) (*stream, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(label)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	n := int64(len(label))
	return &stream{path: path, size: n, progress: progress{rule: r, start: n}, cursor: n, seed: maphash.MakeSeed()}, nil
}

// accept takes a part that begins at an offset; a negative offset means the cursor. It
// returns the number of new bytes. The bytes are on the disk when accept returns.
func (s *stream) accept(part []byte, offset int64, room int64) (int64, error) {
	if offset < 0 {
		offset = s.implied(part)
	}
	if offset > s.size {
		return 0, &Refusal{Status: statusConflict, Offset: s.size,
			Reason: fmt.Sprintf("a part at offset %d is out of order: the file has %d bytes", offset, s.size)}
	}
	known := min(s.size-offset, int64(len(part)))
	if err := s.compare(part[:known], offset); err != nil {
		return 0, err
	}
	fresh := part[known:]
	if int64(len(fresh)) > room {
		return 0, refuse(507, "the archive would have more bytes than this server accepts")
	}
	if len(fresh) > 0 {
		if err := s.add(fresh, known == 0); err != nil {
			return 0, err
		}
	}
	s.cursor, s.doubt = offset+int64(len(part)), false
	return int64(len(fresh)), nil
}

// implied returns the offset of a part of a client that does not name it.
func (s *stream) implied(part []byte) int64 {
	if !s.doubt {
		return s.cursor
	}
	// A crash may have come between a write and its reply. Then the client sends the record
	// again of which the file has the beginning, or all.
	known := s.start
	if s.start == s.size {
		known = s.prior
	}
	if tail := s.size - known; known == 0 || tail > int64(len(part)) || s.compare(part[:tail], known) != nil {
		return s.size
	}
	if n, err := s.rule.length(part); known == s.start && (err != nil || n == 0 || n > int64(len(part))) {
		return s.size
	} else if known == s.start {
		if _, err := s.rule.next(part[:n]); err != nil {
			return s.size
		}
	}
	return known
}

// compare returns a Refusal if the file has other bytes at an offset.
func (s *stream) compare(part []byte, offset int64) error {
	if len(part) == 0 {
		return nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	have := make([]byte, 64<<10)
	for at := 0; at < len(part); at += len(have) {
		n := min(len(have), len(part)-at)
		if _, err := f.ReadAt(have[:n], offset+int64(at)); err != nil {
			return err
		}
		for i := range n {
			if have[i] != part[at+i] {
				return &Refusal{Status: statusConflict, Offset: s.size,
					Reason: fmt.Sprintf("the bytes from offset %d on were received already, and differ at offset %d", offset, offset+int64(at+i))}
			}
		}
	}
	return nil
}

// add checks and writes bytes at the end of the file. whole means that they are all of
// the part.
func (s *stream) add(part []byte, whole bool) error {
	begins := s.start == s.size
	sum := maphash.Bytes(s.seed, part)
	if whole && begins && sum == s.last && s.last != 0 {
		return &Refusal{Status: statusConflict, Reason: "the same part was received just before", Offset: s.size}
	}
	next, err := s.check(part)
	if err != nil {
		return err
	}
	if err := s.write(part); err != nil {
		return err
	}
	s.size += int64(len(part))
	s.progress, s.last = next, 0
	if whole && begins && s.start == s.size {
		s.last = sum
	}
	return nil
}

// headSize is the number of bytes of a record that show whether its beginning is valid.
const headSize = 24

// check checks the records that bytes at the end of the file complete.
func (s *stream) check(rest []byte) (progress, error) {
	now := s.progress
	if pending := s.size - s.start; pending > 0 {
		head, err := s.read(s.start, min(pending, headSize))
		if err != nil {
			return now, err
		}
		n, err := now.rule.length(append(head, rest[:min(headSize, len(rest))]...))
		if err != nil {
			return now, s.wrong(now, err)
		}
		if n == 0 || pending+int64(len(rest)) < n {
			return now, nil
		}
		record, err := s.read(s.start, pending)
		if err != nil {
			return now, err
		}
		record = append(record, rest[:n-pending]...)
		rest = rest[n-pending:]
		if now, err = now.after(record); err != nil {
			return now, s.wrong(s.progress, err)
		}
	}
	for len(rest) > 0 {
		n, err := now.rule.length(rest)
		if err != nil {
			return now, s.wrong(now, err)
		}
		if n == 0 || int64(len(rest)) < n {
			break
		}
		next, err := now.after(rest[:n])
		if err != nil {
			return now, s.wrong(now, err)
		}
		now, rest = next, rest[n:]
	}
	return now, nil
}

// wrong returns the Refusal of a record.
func (s *stream) wrong(at progress, err error) error {
	status := statusBad
	if errors.Is(err, archive.ErrOrder) {
		status = statusConflict
	}
	return &Refusal{Status: status, Reason: fmt.Sprintf("the record at offset %d of the file %s cannot be accepted: %v", at.start, filepath.Base(s.path), err), Offset: s.size}
}

// read returns bytes of the file.
func (s *stream) read(offset, n int64) ([]byte, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.NewSectionReader(f, offset, n))
}

// write appends bytes. If that fails the file stays as it was.
func (s *stream) write(part []byte) error {
	f, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(part, s.size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(s.size), f.Close())
	}
	return f.Close()
}

// cut removes the unfinished record at the end.
func (s *stream) cut() error {
	if s.start == s.size {
		return nil
	}
	s.size = s.start
	return os.Truncate(s.path, s.size)
}

// framed returns the length of a record between two length words.
func framed(head []byte) (int64, error) {
	if len(head) < 4 {
		return 0, nil
	}
	n := int32(binary.BigEndian.Uint32(head))
	if n < 8 || n > maxRecord {
		return 0, fmt.Errorf("its length is %d", n)
	}
	return int64(n), nil
}

// payload returns what is between the length words of a record.
func payload(record []byte) ([]byte, error) {
	n := len(record)
	if trailer := binary.BigEndian.Uint32(record[n-4:]); int64(trailer) != int64(n) {
		return nil, fmt.Errorf("its lengths are %d before and %d after it", n, int32(trailer))
	}
	return record[4 : n-4], nil
}
