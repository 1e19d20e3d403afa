package store

import (
	"encoding/binary"
	"io"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/pcp"
)

// memoryKind is the kind of an entry with the labels of archives.
var memoryKind = cachedir.Kind{Name: "labels", Version: 1, Derived: true}

// memory is what is known of archives from earlier runs: their labels, and when they end.
// A folder of derived data holds it in one entry for each list of paths, so that opening a
// thousand archives again reads one file. A nil memory is empty and keeps nothing.
type memory struct {
	dir   *cachedir.Dir
	key   cachedir.Key
	known map[cachedir.Key]remembered // by the state of the archive's files
}

// remembered is what is known of an archive in one state.
type remembered struct {
	label    []byte // as a file has it
	readable bool   // the metadata could be read
	found    bool   // end is known
	exact    bool   // end is the time of the last record
	end      pcp.Timestamp
}

// recall returns what the folder, which may be nil, holds for paths. An entry that cannot
// be read costs only time.
func recall(dir *cachedir.Dir, paths []string) *memory {
	if dir == nil {
		return nil
	}
	var names [][]byte
	for _, path := range paths {
		if whole, err := filepath.Abs(path); err == nil {
			path = whole
		}
		names = append(names, []byte(path))
	}
	m := &memory{dir: dir, key: cachedir.DerivedKey(append(names, []byte(memoryKind.Name))...)}
	raw, err := dir.Read(m.key, memoryKind)
	if err != nil {
		return m
	}
	if m.known = decodeMemory(raw); m.known == nil {
		_ = dir.Damaged(m.key, memoryKind, "its content is damaged") // Dir.Damage has it
	}
	return m
}

// item returns an archive in a state if it is known.
func (m *memory) item(s *archive.State, o *archive.ReadOptions, k *keeper) *item {
	if m == nil {
		return nil
	}
	r, ok := m.known[m.dir.KeyOf(s.Files)]
	if !ok {
		return nil
	}
	label, err := archive.OpenLabelled(s, r.label, o)
	if err != nil {
		return nil
	}
	return &item{state: s, label: label, kept: k, tried: r.readable, found: r.found, exact: r.exact, end: r.end, slack: archive.EndSlack}
}

// atRest is how long the files of an archive must be unchanged for its state to be
// remembered: a file system may give two writes within two seconds the same time.
const atRest = 5 * time.Second

// Remember keeps labels and ends of the archives for the next call of [OpenRemembering]
// with the same paths. Call it when the archives have been used.
func (h *Hosts) Remember() {
	m := h.memory
	if m == nil {
		return
	}
	now, more := map[cachedir.Key]remembered{}, false
	for _, f := range h.found {
		if f.item == nil {
			continue
		}
		r, ok := f.item.remembered()
		if !ok {
			continue
		}
		key := m.dir.KeyOf(f.state.Files)
		before, known := m.known[key]
		more = more || !known || before.exact != r.exact || before.found != r.found || before.readable != r.readable
		now[key] = r
	}
	if !more {
		return
	}
	err := m.dir.Put(m.key, memoryKind, func(w io.Writer) error {
		_, err := w.Write(encodeMemory(now))
		return err
	})
	if err == nil { // the Dir names its fault
		m.known = now
	}
}

// remembered returns what is worth remembering of an archive. ok is false if it has
// damage or changed a short time ago.
func (it *item) remembered() (r remembered, ok bool) {
	it.mu.Lock()
	damaged := len(it.problems) > 0
	it.mu.Unlock()
	if damaged {
		return r, false
	}
	for _, info := range it.state.Files {
		if time.Since(info.ModTime()) < atRest {
			return r, false
		}
	}
	it.loading.Lock()
	r.readable = it.tried && !it.leftOut
	left := it.leftOut
	it.loading.Unlock()
	it.ends.Lock()
	if it.endErr == nil {
		r.found, r.exact, r.end = it.found, it.exact, it.end
	}
	it.ends.Unlock()
	r.label = it.label.Label()
	return r, !left && r.label != nil
}

// The stored form of a memory is a sequence of archives:
//
//	key 16 | flags 1 | seconds 8 | nanoseconds 4 | length of the label 2 | label
const (
	memoryHead     = 32 + 1 + 8 + 4 + 2
	memoryReadable = 1 << 0
	memoryFound    = 1 << 1
	memoryExact    = 1 << 2
)

func encodeMemory(known map[cachedir.Key]remembered) []byte {
	var b []byte
	for key, r := range known {
		b = append(b, key...)
		b = append(b, flag(memoryReadable, r.readable)|flag(memoryFound, r.found)|flag(memoryExact, r.exact))
		b = binary.BigEndian.AppendUint64(b, uint64(r.end.Sec))
		b = binary.BigEndian.AppendUint32(b, uint32(r.end.Nsec))
		b = binary.BigEndian.AppendUint16(b, uint16(len(r.label)))
		b = append(b, r.label...)
	}
	return b
}

func flag(bit byte, set bool) byte {
	if set {
		return bit
	}
	return 0
}

// decodeMemory returns nil if the bytes are not those of encodeMemory. Labels share their
// memory.
func decodeMemory(b []byte) map[cachedir.Key]remembered {
	known := map[cachedir.Key]remembered{}
	for len(b) > 0 {
		if len(b) < memoryHead {
			return nil
		}
		key, flags := cachedir.Key(b[:32]), b[32]
		r := remembered{readable: flags&memoryReadable != 0, found: flags&memoryFound != 0, exact: flags&memoryExact != 0}
		r.end = pcp.Timestamp{Sec: int64(binary.BigEndian.Uint64(b[33:])), Nsec: int32(binary.BigEndian.Uint32(b[41:]))}
		n := int(binary.BigEndian.Uint16(b[45:]))
		if b = b[memoryHead:]; n > len(b) {
			return nil
		}
		r.label, b = b[:n:n], b[n:]
		known[key] = r
	}
	return known
}
