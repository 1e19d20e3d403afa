package registry

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/internal/dirsync"
)

// FileName is the name of a registry in the folder of a recording.
const FileName = ".pcparchive.registry"

const (
	magic     = "pcparchive registry 1\n"
	magicStem = "pcparchive registry "
	maxRecord = 1 << 20
	minGrowth = 1 << 20 // bytes that the file grows by before it is written anew
)

// fileState says what was found in a file.
type fileState int

const (
	whole   fileState = iota
	torn              // the last record is not complete, which a crash causes
	missing           // there is no file
	damaged           // some record is wrong
)

var table = crc32.MakeTable(crc32.Castagnoli)

// journal is the file of a Registry. Each record has its checksum and its length before
// it. The Registry's lock guards pending.
type journal struct {
	dir, name string
	noSync    bool

	mu       sync.Mutex // guards the fields up to pending
	f        *os.File
	size     int64
	snapshot int64 // size when the file was last written anew

	pending  []byte // records that are not in the file yet
	appended atomic.Int64
	synced   atomic.Int64 // of the records appended, those on the disk
}

// put appends a record. The caller holds the Registry's lock.
func (r *Registry) put(record []byte) {
	r.file.pending = appendRecord(r.file.pending, record)
	r.file.appended.Add(1)
}

func appendRecord(b, record []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(record, table))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	return append(b, record...)
}

// Sync waits until all numbers given so far are on the disk. An archive must not use a
// number before. After an error, such as a full disk, Sync may be called again.
func (r *Registry) Sync() error {
	j := &r.file
	want := j.appended.Load()
	if j.synced.Load() >= want {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.synced.Load() >= want { // another goroutine wrote the records
		return nil
	}
	r.mu.Lock()
	records, upTo := j.pending, j.appended.Load()
	j.pending = nil
	r.mu.Unlock()
	if err := j.write(records); err != nil {
		r.mu.Lock()
		j.pending = append(records, j.pending...)
		r.mu.Unlock()
		return fmt.Errorf("%s: %w", j.name, err)
	}
	j.synced.Store(upTo)
	if j.size > minGrowth+2*j.snapshot {
		if err := r.rewrite(); err != nil {
			j.snapshot = j.size // the old file is valid; try again when it has grown
			r.log.Warn("the registry cannot be written anew", "file", j.name, "err", err)
		}
	}
	return nil
}

// write appends records to the file and waits for the disk.
func (j *journal) write(records []byte) error {
	if j.f == nil {
		return fs.ErrClosed
	}
	if _, err := j.f.WriteAt(records, j.size); err != nil {
		return err
	}
	if err := j.flush(j.f); err != nil {
		return err
	}
	j.size += int64(len(records))
	return nil
}

func (j *journal) flush(f *os.File) error {
	if j.noSync {
		return nil
	}
	return f.Sync()
}

// compact writes the file anew.
func (r *Registry) compact() error {
	r.file.mu.Lock()
	defer r.file.mu.Unlock()
	return r.rewrite()
}

// rewrite replaces the file by one that has each record once. The caller holds the
// journal's lock.
func (r *Registry) rewrite() error {
	j := &r.file
	f, err := os.OpenFile(j.name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	size, upTo, pending, err := r.snapshot(f)
	if err == nil {
		err = j.flush(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = j.replace(size)
	}
	if err != nil {
		r.mu.Lock()
		j.pending = append(pending, j.pending...)
		r.mu.Unlock()
		return errors.Join(fmt.Errorf("%s: %w", j.name, err), removeIfThere(j.name+".new"))
	}
	j.synced.Store(upTo)
	return nil
}

// replace puts the new file, which has size bytes, in the place of the old one.
func (j *journal) replace(size int64) error {
	if j.f != nil {
		_ = j.f.Close() // some systems cannot replace an open file
	}
	renamed := os.Rename(j.name+".new", j.name)
	var err error
	if j.f, err = os.OpenFile(j.name, os.O_RDWR, 0); renamed != nil || err != nil {
		return errors.Join(renamed, err)
	}
	j.size, j.snapshot = size, size
	return j.syncDir()
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// snapshot writes all records to f. They include the pending ones, which snapshot returns.
func (r *Registry) snapshot(f *os.File) (size, upTo int64, pending []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := bufio.NewWriterSize(f, 64<<10)
	size = int64(len(magic))
	_, err = out.WriteString(magic)
	var framed []byte
	r.records(func(record []byte) {
		framed = appendRecord(framed[:0], record)
		size += int64(len(framed))
		_, err = out.Write(framed) // the writer keeps its first error
	})
	if err == nil {
		err = out.Flush()
	}
	pending, upTo = r.file.pending, r.file.appended.Load()
	r.file.pending, r.written = nil, r.now()
	return size, upTo, pending, err
}

func (j *journal) syncDir() error {
	if j.noSync {
		return nil
	}
	return dirsync.Sync(j.dir)
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil
	}
	err := j.f.Close()
	j.f = nil
	return err
}
