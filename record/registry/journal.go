package registry

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
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
	next     *rewritten // takes the place of f at this moment; usually nil
	snapshot int64      // size when the file was last written anew
	closing  bool       // nobody begins to write the file anew

	hook func(step string) // for tests; may be nil

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
	if n := 8 + len(record); cap(b)-len(b) < n {
		b = slices.Grow(b, max(len(b), n)) // the records of a first page are many
	}
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
	r.rewriteSoon()
	return nil
}

// write appends records to the file and waits for the disk. While another file takes the
// place of the file, both get the records. The caller holds the journal's lock.
func (j *journal) write(records []byte) error {
	if j.f == nil {
		return fs.ErrClosed
	}
	if err := j.writeTo(j.f, records, j.size); err != nil {
		return err
	}
	if j.next != nil {
		if err := j.writeTo(j.next.f, records, j.next.size); err != nil {
			return err
		}
		j.next.size += int64(len(records))
	}
	j.size += int64(len(records))
	return nil
}

func (j *journal) writeTo(f *os.File, records []byte, at int64) error {
	if _, err := f.WriteAt(records, at); err != nil {
		return err
	}
	return j.flush(f)
}

func (j *journal) flush(f *os.File) error {
	if j.noSync {
		return nil
	}
	return f.Sync()
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
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
