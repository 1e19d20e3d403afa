package archive

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A file that replaces another is written under a name that no reader takes for
// a member of an archive, and renamed when it is complete and on the disk.
const partialSuffix = ".partial"

// removePartials removes what a crash of an earlier release left of files of the
// archive base: today's names are those of the lock, which removes them.
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

// writeAside makes the file name of the archive base, which may exist, of what fill writes: whoever
// opens it gets what it was or what it becomes, also after a crash.
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

// supersede removes a file that another has taken the place of, once that is
// certain to last.
func supersede(name string, sync bool) error {
	if err := os.Remove(name); err != nil {
		return err
	}
	return syncDir(name, sync)
}

// syncDir sees the directory entry of a file to the disk.
func syncDir(name string, sync bool) error {
	if !sync || runtime.GOOS == "windows" { // it has no such call
		return nil
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
