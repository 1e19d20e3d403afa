package archive

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/internal/dirsync"
)

// partialSuffix ends the name of a file that will replace another. No reader
// takes it for a member of an archive. The file is renamed when it is complete
// and on the disk.
const partialSuffix = ".partial"

// removePartials removes files that a crash of an earlier release left beside
// the archive base. The lock removes those of this release, which have other
// names.
func removePartials(base string) {
	dir, name := filepath.Split(base)
	entries, err := os.ReadDir(dir + ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		file, ok := strings.CutSuffix(e.Name(), partialSuffix)
		if stem, _, is := splitMember(strings.TrimPrefix(file, ".")); ok && is && strings.HasPrefix(file, ".") && stem == name {
			os.Remove(dir + e.Name())
		}
	}
}

// writeAside creates or replaces the file name of the archive base with the
// output of fill. A reader sees either the old or the new contents, even after
// a crash.
func writeAside(base, name string, sync bool, open func(name string) (disk, error), fill func(w io.Writer) error) (err error) {
	partial := partialName(base, name)
	os.Remove(partial)
	f, err := open(partial)
	if err != nil {
		return err
	}
	err = fill(io.NewOffsetWriter(f, 0))
	if sync && err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(partial, name)
	}
	if err != nil {
		os.Remove(partial)
		return err
	}
	return syncDir(name, sync)
}

// supersede removes a file that another file has replaced, after making sure
// that the other one is on the disk.
func supersede(name string, sync bool) error {
	if err := os.Remove(name); err != nil {
		return err
	}
	return syncDir(name, sync)
}

// syncDir waits until the directory entry of a file is on the disk.
func syncDir(name string, sync bool) error {
	if !sync {
		return nil
	}
	return dirsync.Sync(filepath.Dir(name))
}
