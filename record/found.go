package record

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/record/layout"
)

// found knows the newest archive of each target in the folder of the recording.
type found struct {
	mu   sync.Mutex
	base map[stem]string
}

type stem struct{ host, name string }

// newest returns the base path of the newest archive, "" if there is none.
func (f *found) newest(n layout.Name) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.base[stem{n.Host, n.Stem}]
}

// set says that an archive is the newest.
func (f *found) set(n layout.Name, base string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base[stem{n.Host, n.Stem}] = base
}

// continues reports whether an archive is the newest of its target and of the period that
// begins at a time, so that the next scrape of the target continues it.
func (f *found) continues(base string, begin time.Time) bool {
	n, ok := layout.Parse(base)
	return ok && !n.Start.Before(begin) && f.newest(n) == base
}

// forget drops the archives that began before a time. No run continues them.
func (f *found) forget(before time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, base := range f.base {
		if n, ok := layout.Parse(base); !ok || n.Start.Before(before) {
			delete(f.base, key)
		}
	}
}

// listed is an archive that scan found.
type listed struct {
	layout.Name
	base  string
	plain bool // it has volumes that are not compressed
}

// scan finds the archives in the folder of a recording. It returns those that an earlier
// run may have left in need of repair or of compression, the newest first.
func (f *found) scan(dir string, compress bool) (unfinished []string, err error) {
	f.base = map[stem]string{}
	byStem := map[stem][]listed{}
	hosts, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		if !host.IsDir() || strings.HasPrefix(host.Name(), ".") {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, host.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := sweep(filepath.Join(dir, host.Name()), files); err != nil {
			return nil, err
		}
		for base, plain := range plainArchives(dir, host.Name(), files) {
			if n, ok := layout.Parse(base); ok {
				key := stem{n.Host, n.Stem}
				byStem[key] = append(byStem[key], listed{n, base, plain})
			}
		}
	}
	for key, list := range byStem {
		slices.SortFunc(list, func(a, b listed) int {
			return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(b.Again, a.Again))
		})
		f.base[key] = list[0].base
		for i, l := range list {
			// A kill during a rotation may have left two archives unfinished.
			if l.plain && compress || i < 2 && torn(l.base) {
				unfinished = append(unfinished, l.base)
			}
		}
	}
	return unfinished, nil
}

// sweep removes the temporary files that a killed writer left in a folder.
func sweep(dir string, files []os.DirEntry) error {
	left := func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), outlock.Prefix) }
	if !slices.ContainsFunc(files, left) {
		return nil
	}
	lock, err := outlock.TakeFolder(dir) // this removes them
	if err != nil {
		return err
	}
	return lock.Release()
}

// plainArchives returns the archives of a folder whose volumes are not all compressed, or
// of which files are missing.
func plainArchives(dir, host string, files []os.DirEntry) map[string]bool {
	all := map[string]bool{}
	for _, file := range files {
		name, ok := archive.BaseOf(file.Name())
		if !ok || strings.HasPrefix(file.Name(), ".") {
			continue
		}
		base := filepath.Join(dir, host, name)
		rest := strings.TrimPrefix(file.Name(), name+".")
		volume := rest != "" && rest[0] >= '0' && rest[0] <= '9'
		all[base] = all[base] || volume && !strings.Contains(rest, ".")
	}
	return all
}
