package archive

import (
	"cmp"
	"os"
	"sync"
	"time"
)

// Listing remembers what folders hold, for programs that open many archives: to
// list a folder anew for each archive would take the square of their number. It
// may be used from several goroutines.
type Listing struct {
	mu     sync.Mutex
	byPath map[string]*folder
	still  bool // no folder is taken to have changed
}

// Freeze has the Listing take no folder to have changed, until Thaw: while many
// archives are opened one after the other.
func (fs *Listing) Freeze() { fs.setStill(true) }

// Thaw has the Listing look for changes of folders again.
func (fs *Listing) Thaw() { fs.setStill(false) }

func (fs *Listing) setStill(still bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.still = still
}

// Members is [Members] by way of the Listing.
func (fs *Listing) Members(path string) (base string, members []Member, err error) {
	return membersIn(path, fs.membersOf)
}

// folder is a listing.
type folder struct {
	watch
	members map[string][]Member // by base name
}

// membersOf is the function of that name, from a listing unless something is
// missing in it.
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

// list returns the listing of a folder, which must not be changed.
func (fs *Listing) list(dir string) (map[string][]Member, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.byPath[dir]
	if f == nil {
		f = &folder{}
	} else if fs.still {
		return f.members, nil
	}
	if !f.changed(dir) {
		return f.members, nil
	}
	var err error
	if f.members, err = listFolder(dir, nil); err != nil {
		delete(fs.byPath, dir)
		return nil, err
	}
	if fs.byPath == nil {
		fs.byPath = map[string]*folder{}
	}
	fs.byPath[dir] = f
	return f.members, nil
}

// watch tells whether files may have come to a folder or gone.
type watch struct {
	modTime time.Time
	at      time.Time // when it was looked at
}

const (
	// settled is how long ago a folder must have changed for its time to tell
	// the next change: file systems count in steps.
	settled = 2 * time.Second
	// stale is when to look in any case: not every file system keeps that time.
	stale = time.Minute
)

// changed reports whether the folder may have changed since it was last asked.
func (w *watch) changed(dir string) bool {
	now := time.Now()
	info, err := os.Stat(cmp.Or(dir, "."))
	if err != nil {
		return true // for the caller to find out
	}
	same := info.ModTime().Equal(w.modTime) && w.at.Sub(w.modTime) > settled && now.Sub(w.at) < stale
	if !same {
		w.modTime, w.at = info.ModTime(), now
	}
	return !same
}
