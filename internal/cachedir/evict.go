package cachedir

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// newPrefix begins the names of files that are being written.
const newPrefix = "new-"

// abandoned is the age at which a file that is being written is a remnant of a killed
// process. A writer changes its file all the time.
const abandoned = time.Hour

// kept is an entry, or a remnant, of a folder.
type kept struct {
	path string
	size int64
	used time.Time
}

// Evict removes remnants of killed processes, and, if the folder is larger than its bound,
// the entries that were not used for the longest time, until a tenth of the bound is free.
func (d *Dir) Evict() {
	if d == nil {
		return
	}
	bound, err := d.prepare()
	if err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	entries := d.list()
	d.used, d.added = total(entries), 0
	if d.used <= bound {
		return
	}
	slices.SortFunc(entries, func(a, b kept) int { return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path)) })
	for _, e := range entries {
		if d.used <= bound-bound/10 {
			return
		}
		if os.Remove(e.path) == nil || !exists(e.path) {
			d.used -= e.size
		}
	}
}

// Room returns the number of bytes that fit before Put removes entries.
func (d *Dir) Room() int64 {
	if d == nil {
		return 0
	}
	bound, err := d.prepare()
	if err != nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(0, bound-d.used)
}

// list returns the entries of the folder. It removes remnants.
func (d *Dir) list() (all []kept) {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return nil
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		e := kept{filepath.Join(d.path, f.Name()), info.Size(), info.ModTime()}
		switch {
		case isEntry(f.Name()):
			all = append(all, e)
		case strings.HasPrefix(f.Name(), newPrefix) && time.Since(e.used) > abandoned:
			_ = os.Remove(e.path)
		}
	}
	return all
}

// Usage returns the number of entries and their size in bytes.
func (d *Dir) Usage() (entries int, bytes int64) {
	if d == nil {
		return 0, 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.list()
	return len(all), total(all)
}

// isEntry reports whether a file has the name of an entry: a key and a kind. Other files in
// the folder are somebody else's.
func isEntry(name string) bool {
	key, kind, ok := strings.Cut(name, ".")
	const hexDigits = "0123456789abcdef"
	return ok && len(key) == 32 && strings.Trim(key, hexDigits) == "" && kind != ""
}

func total(entries []kept) (bytes int64) {
	for _, e := range entries {
		bytes += e.size
	}
	return bytes
}
