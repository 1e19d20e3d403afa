package archive

import (
	"cmp"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Listing caches the contents of folders for programs that open many archives,
// because reading a folder anew for each of its archives is quadratic. It may
// be used from several goroutines.
type Listing struct {
	mu     sync.Mutex
	byPath map[string]*folder
	still  bool // no folder is taken to have changed
}

// Freeze makes the Listing trust its cache without checking folders for
// changes, until Thaw. Use it while opening many archives in a row.
func (fs *Listing) Freeze() { fs.setStill(true) }

// Thaw makes the Listing check folders for changes again.
func (fs *Listing) Thaw() { fs.setStill(false) }

func (fs *Listing) setStill(still bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.still = still
}

// Members returns the same as the function [Members], using the cache.
func (fs *Listing) Members(path string) (base string, members []Member, err error) {
	return membersIn(path, fs.membersOf)
}

// folder is the cached contents of a folder.
type folder struct {
	watch
	members map[string][]Member // by base name
	folders []string            // names of the folders in it

	// The archives in it. Listing.mu guards them.
	bases   []string // base paths
	counted bool     // bases is valid
}

// Folders returns the names of the folders in a folder, sorted. The result must not
// be changed.
func (fs *Listing) Folders(dir string) ([]string, error) {
	f, err := fs.folder(prefix(dir))
	if err != nil {
		return nil, err
	}
	return f.folders, nil
}

// prefix returns a folder's path in the form that precedes the names of its files.
func prefix(dir string) string {
	dir, _ = filepath.Split(filepath.Join(dir, "any"))
	return dir
}

// membersOf returns the same as the function membersOf. It uses the cache
// unless a file is missing in it.
func (fs *Listing) membersOf(dir, name string) ([]Member, error) {
	members, err := fs.list(dir)
	if err != nil {
		return nil, err
	}
	found := measure(members[name])
	if len(found) < len(members[name]) || incomplete(found) {
		return membersOf(dir, name)
	}
	return found, nil
}

// list returns the members of a folder's archives, which must not be changed.
func (fs *Listing) list(dir string) (map[string][]Member, error) {
	f, err := fs.folder(dir)
	if err != nil {
		return nil, err
	}
	return f.members, nil
}

// folder returns the contents of a folder, which must not be changed.
func (fs *Listing) folder(dir string) (*folder, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := &folder{}
	if known := fs.byPath[dir]; known != nil {
		if fs.still || !known.changed(dir) {
			return known, nil
		}
		f.watch = known.watch
	} else {
		f.changed(dir)
	}
	var err error
	if f.members, f.folders, err = listFolder(dir, nil); err != nil {
		delete(fs.byPath, dir)
		return nil, err
	}
	if fs.byPath == nil {
		fs.byPath = map[string]*folder{}
	}
	fs.byPath[dir] = f
	return f, nil
}

// watch detects whether the files in a folder may have changed.
type watch struct {
	modTime time.Time
	at      time.Time // time of the last check
}

const (
	// settled is the age that a folder's modification time must have to reveal
	// the next change: file systems store it in coarse steps.
	settled = 2 * time.Second
	// stale is the time after which a folder is read in any case: not every
	// file system maintains modification times.
	stale = time.Minute
)

// changed reports whether the folder may have changed since the last call.
func (w *watch) changed(dir string) bool {
	now := time.Now()
	info, err := os.Stat(cmp.Or(dir, "."))
	if err != nil {
		return true // reading the folder will report the error
	}
	same := info.ModTime().Equal(w.modTime) && w.at.Sub(w.modTime) > settled && now.Sub(w.at) < stale
	if !same {
		w.modTime, w.at = info.ModTime(), now
	}
	return !same
}
