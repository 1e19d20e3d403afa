package cachedir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"time"
)

// An entry's file holds
//
//	magic 8 | version of the kind 4 | length of the kind's name 4, name | key
//	content
//	length of the content 8 | CRC-32C of the content 4 | CRC-32C of those 12 bytes 4 | magic of the end 4
//
// The key tells an entry from one that somebody has put in its place.
const (
	magic      = "pcpcach2"
	endMagic   = "done"
	tailLength = 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header returns the first bytes of an entry's file.
func (k Kind) header(key Key) []byte {
	b := append([]byte(nil), magic...)
	b = binary.BigEndian.AppendUint32(b, k.version())
	b = binary.BigEndian.AppendUint32(b, uint32(len(k.Name)))
	return append(append(b, k.Name...), key...)
}

// Entry is an entry that is open for reading. It stays readable when the entry is
// removed or replaced.
type Entry struct {
	*io.SectionReader // the content
	file              *os.File
	sum               uint32
}

// Close closes the file.
func (e *Entry) Close() error { return e.file.Close() }

// Get opens an entry. The error is [ErrAbsent] or a [*DamagedError]. Get checks that the
// entry is complete and of the kind's version, but does not read the content; a caller who
// needs that uses Read, or checksums of its own.
func (d *Dir) Get(key Key, kind Kind) (*Entry, error) {
	if d == nil || key == "" {
		return nil, ErrAbsent
	}
	f, err := os.Open(d.file(key, kind))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // that of another user, or no folder
			d.note(fmt.Errorf("cache folder %s: %w", d.path, err))
		}
		return nil, ErrAbsent
	}
	e, reason := openEntry(f, key, kind)
	if reason != "" {
		f.Close()
		return nil, d.Damaged(key, kind, reason)
	}
	d.touch(f)
	return e, nil
}

// Damaged removes and reports an entry whose content the caller found to be wrong, and
// returns the error.
func (d *Dir) Damaged(key Key, kind Kind, reason string) *DamagedError {
	d.Remove(key, kind)
	err := &DamagedError{File: d.file(key, kind), Reason: reason}
	d.Report(err)
	return err
}

// openEntry checks the frame of an entry. reason is its fault.
func openEntry(f *os.File, key Key, kind Kind) (e *Entry, reason string) {
	info, err := f.Stat()
	if err != nil {
		return nil, err.Error()
	}
	head := kind.header(key)
	content := info.Size() - int64(len(head)) - tailLength
	if content < 0 {
		return nil, "it is too short"
	}
	got := make([]byte, len(head))
	if _, err := f.ReadAt(got, 0); err != nil {
		return nil, err.Error()
	}
	if own := len(head) - len(key); string(got[:own]) != string(head[:own]) {
		return nil, "it is not such a file"
	}
	if string(got) != string(head) {
		return nil, "it is another entry's file"
	}
	var tail [tailLength]byte
	if _, err := f.ReadAt(tail[:], info.Size()-tailLength); err != nil {
		return nil, err.Error()
	}
	if string(tail[16:]) != endMagic || crc32.Checksum(tail[:12], castagnoli) != binary.BigEndian.Uint32(tail[12:]) ||
		int64(binary.BigEndian.Uint64(tail[:])) != content {
		return nil, "it is incomplete"
	}
	return &Entry{io.NewSectionReader(f, int64(len(head)), content), f, binary.BigEndian.Uint32(tail[8:])}, ""
}

// Read returns the content of an entry, and compares its checksum. The error is
// [ErrAbsent] or a [*DamagedError].
func (d *Dir) Read(key Key, kind Kind) ([]byte, error) {
	e, err := d.Get(key, kind)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	content := make([]byte, e.Size())
	if _, err := io.ReadFull(e, content); err != nil {
		return nil, d.Damaged(key, kind, err.Error())
	}
	if crc32.Checksum(content, castagnoli) != e.sum {
		return nil, d.Damaged(key, kind, "its checksum is wrong")
	}
	return content, nil
}

// usedEvery is how exactly the time of an entry's last use is kept.
const usedEvery = time.Minute

// touch notes that an entry was used.
func (d *Dir) touch(f *os.File) {
	if info, err := f.Stat(); err == nil && time.Since(info.ModTime()) > usedEvery {
		now := time.Now()
		_ = os.Chtimes(f.Name(), now, now) // fails in a folder that cannot be written
	}
}
