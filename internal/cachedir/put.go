package cachedir

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// ErrTooLarge says that an entry is larger than the bound of its folder.
var ErrTooLarge = errors.New("an entry is larger than the cache may be")

// Put stores the output of write as an entry, in place of an earlier one. It removes other
// entries if the folder is then larger than its bound. An error leaves an earlier entry as
// it was; the caller may ignore it, because the entry can be made again.
func (d *Dir) Put(key Key, kind Kind, write func(io.Writer) error) error {
	if d == nil || key == "" {
		return nil
	}
	err := d.put(key, kind, write)
	if err != nil {
		err = fmt.Errorf("cache folder %s: %w", d.path, err)
		d.note(err)
	}
	return err
}

func (d *Dir) put(key Key, kind Kind, write func(io.Writer) error) error {
	bound, err := d.prepare()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(d.path, newPrefix+"*")
	if errors.Is(err, fs.ErrNotExist) { // somebody removed the folder
		if bound, err = d.again(); err == nil {
			f, err = os.CreateTemp(d.path, newPrefix+"*")
		}
	}
	if err != nil {
		return err
	}
	d.share(f)
	size, err := writeEntry(f, kind.header(key), bound, write)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), d.file(key, kind))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	d.mu.Lock()
	d.used += size
	d.added += size
	full := d.used > bound || d.added > bound/lookEvery
	d.mu.Unlock()
	if full {
		d.Evict()
	}
	return nil
}

// lookEvery is the part of the bound after which a process looks for what others have put.
const lookEvery = 16

// share lets those read an entry who may read the folder.
func (d *Dir) share(f *os.File) {
	if info, err := os.Stat(d.path); err == nil && info.Mode()&0o077 != 0 {
		_ = f.Chmod(info.Mode() & 0o666) // others make entries of their own if it fails
	}
}

// writeEntry writes the file of an entry with a header and returns its size.
func writeEntry(f *os.File, header []byte, bound int64, write func(io.Writer) error) (size int64, err error) {
	buffered := bufio.NewWriterSize(f, 64<<10)
	_, err = buffered.Write(header)
	content := &contentWriter{dst: buffered, left: bound}
	if err == nil {
		err = write(content)
	}
	if err != nil {
		return 0, err
	}
	tail := binary.BigEndian.AppendUint64(nil, uint64(content.written))
	tail = binary.BigEndian.AppendUint32(tail, content.sum)
	tail = binary.BigEndian.AppendUint32(tail, crc32.Checksum(tail, castagnoli))
	if _, err := buffered.Write(append(tail, endMagic...)); err != nil {
		return 0, err
	}
	return int64(len(header)) + content.written + tailLength, buffered.Flush()
}

// contentWriter counts and sums the content of an entry.
type contentWriter struct {
	dst     io.Writer
	left    int64 // bytes that may still come
	written int64
	sum     uint32
}

// Write writes a part of the content.
func (w *contentWriter) Write(p []byte) (int, error) {
	if w.left -= int64(len(p)); w.left < 0 {
		return 0, ErrTooLarge
	}
	w.sum = crc32.Update(w.sum, castagnoli, p)
	n, err := w.dst.Write(p)
	w.written += int64(n)
	return n, err
}

// tag marks the folder for programs that make backups; see https://bford.info/cachedir.
const tag = "Signature: 8a477f597d28d172789f06886806bc55\n# Cache of pcparchive. It may be deleted at any time.\n"

// prepare creates the folder and returns its bound.
func (d *Dir) prepare() (bound int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used >= 0 {
		return d.max, nil
	}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return 0, err
	}
	if name := filepath.Join(d.path, "CACHEDIR.TAG"); !exists(name) {
		_ = os.WriteFile(name, []byte(tag), 0o600) // nothing depends on it
	}
	entries := d.list()
	d.used, d.added = total(entries), 0
	if d.max <= 0 {
		d.max = DefaultBytes
		if _, free, ok := diskspace.Of(d.path); ok {
			d.max = max(1, min(d.max, (free+d.used)/5))
		}
	}
	return d.max, nil
}

// again prepares the folder anew.
func (d *Dir) again() (bound int64, err error) {
	d.mu.Lock()
	d.used = -1
	d.mu.Unlock()
	return d.prepare()
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// Lock keeps other processes and goroutines from making an entry until the lock is
// released. The error is an [*outlock.HeldError] if somebody else is making it.
func (d *Dir) Lock(key Key, kind Kind) (*outlock.Lock, error) {
	if d == nil {
		return nil, nil
	}
	if _, err := d.prepare(); err != nil {
		return nil, err
	}
	return outlock.Take(d.file(key, kind))
}
