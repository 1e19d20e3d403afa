package cachedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// DefaultBytes is the default bound of a folder. The bound is a fifth of the free space
// if that is less.
const DefaultBytes = 2 << 30

// Dir is a folder of entries. Several goroutines and processes may use it. A nil *Dir
// holds no entries and keeps none.
type Dir struct {
	path string

	mu    sync.Mutex
	max   int64             // zero until the first Put, unless the caller set it
	used  int64             // bytes of all entries as far as this process knows; -1 before the first Put
	added int64             // bytes of the entries put since it has listed all
	real  map[string]string // folders of keyed files without symbolic links
	fault error             // why Put or Get failed first
	found []error           // damage, and other faults that were reported
}

// DefaultPath returns the folder pcparchive in the user's folder for caches.
func DefaultPath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "pcparchive"), nil
}

// Open returns the folder path with a bound in bytes; zero means [DefaultBytes] or less.
// The first [Dir.Put] creates the folder.
func Open(path string, maxBytes int64) *Dir {
	return &Dir{path: path, max: maxBytes, used: -1, real: map[string]string{}}
}

// Path returns the folder.
func (d *Dir) Path() string {
	if d == nil {
		return ""
	}
	return d.path
}

// Fault returns the first reason why an entry could not be kept or opened, or nil.
func (d *Dir) Fault() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault
}

// Kind is the type of an entry. A change of the version makes earlier entries useless; they go
// when nobody has used them for long.
type Kind struct {
	Name    string // also the suffix of the file's name: lower-case letters
	Version uint32
	// Derived says that entries hold what the program works out by rules that may change
	// from release to release. A program built from other source does not use them.
	Derived bool
}

// file returns the path of an entry. Programs of other versions use other files, so that
// several of them may share a folder.
func (d *Dir) file(key Key, kind Kind) string {
	return filepath.Join(d.path, fmt.Sprintf("%s.%08x.%s", key, kind.version(), kind.Name))
}

// Remove removes an entry if it exists.
func (d *Dir) Remove(key Key, kind Kind) {
	if d != nil && key != "" {
		_ = os.Remove(d.file(key, kind))
	}
}

// note remembers the first failure.
func (d *Dir) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault == nil {
		d.fault = err
	}
}

// Report adds a fault to those that [Dir.Damage] returns, unless they have it or are many.
func (d *Dir) Report(err error) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	same := func(known error) bool { return known.Error() == err.Error() }
	if len(d.found) < mostFaults && !slices.ContainsFunc(d.found, same) {
		d.found = append(d.found, err)
	}
}

// mostFaults is how many faults are remembered.
const mostFaults = 100

// Damage returns the damage of entries that was found, and other faults that were reported:
// each once, and not more than a hundred. [Dir.Fault] has the reason why entries cannot be
// written.
func (d *Dir) Damage() []error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.found)
}

// ErrAbsent says that an entry does not exist.
var ErrAbsent = errors.New("not in the cache")

// DamagedError reports an entry that is incomplete or corrupt. The entry has been removed, if
// the folder can be written.
type DamagedError struct {
	File   string
	Reason string
}

// Error returns the file and the reason.
func (e *DamagedError) Error() string {
	return "cache file " + e.File + ": " + e.Reason + "; made again"
}
