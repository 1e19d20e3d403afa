package outlock

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sweep removes what killed writers left in the folder of the lock. What cannot
// be removed stays, for the next writer.
func (l *Lock) sweep() {
	entries, err := os.ReadDir(cmp.Or(l.dir, "."))
	if err != nil {
		return
	}
	left := map[string][]string{} // by output
	for _, e := range entries {
		if output, ok := outputOf(e.Name()); ok {
			left[output] = append(left[output], l.dir+e.Name())
		}
	}
	for output, files := range left {
		if output == l.name {
			clean(l.dir, files)
			continue
		}
		other := &Lock{dir: l.dir, name: output}
		if other.try() == nil {
			clean(l.dir, files)
			_ = other.Release() // the file stays for the next writer
		}
	}
}

// outputOf returns the output to which a file belongs.
func outputOf(file string) (output string, ok bool) {
	output, ok = strings.CutPrefix(file, Prefix)
	if !ok {
		return "", false
	}
	for _, suffix := range []string{lockSuffix, doneSuffix} {
		if output, found := strings.CutSuffix(output, suffix); found {
			return output, true
		}
	}
	if i := strings.LastIndex(output, newSuffix); i >= 0 {
		output = output[:i]
	}
	return output, true
}

// clean removes what a killed writer left of an output whose lock the caller
// holds, but moves what was complete to its place.
func clean(dir string, files []string) {
	for _, file := range files {
		switch {
		case strings.HasSuffix(file, lockSuffix):
			continue
		case strings.HasSuffix(file, doneSuffix):
			// The places were free. What is there now was written by somebody
			// who ignores locks, and stays.
			_ = MoveAll(file, dir)
		}
		_ = os.RemoveAll(file)
	}
}

// MoveAll moves files from one folder into another, the metadata of archives
// last: without it the rest is no archive. Files that are there are not replaced:
// on the first failure what was moved is taken back.
func MoveAll(from, to string) (err error) {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(x, y os.DirEntry) int { return isMeta(x) - isMeta(y) })
	var moved []string
	for _, e := range entries {
		place := filepath.Join(to, e.Name())
		if err := move(filepath.Join(from, e.Name()), place); err != nil {
			for _, name := range moved {
				err = errors.Join(err, os.Remove(name))
			}
			return err
		}
		moved = append(moved, place)
	}
	return nil
}

func isMeta(e os.DirEntry) int {
	if strings.Contains(filepath.Ext(e.Name()), "meta") {
		return 1
	}
	return 0
}

// move renames a file without replacing another, as far as the file system can
// make sure of that.
func move(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		if same(from, to) { // a crash came between the link and its removal
			return os.Remove(from)
		}
		return &fs.PathError{Op: "move", Path: to, Err: fs.ErrExist}
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "move", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// same reports whether two names are of one file.
func same(a, b string) bool {
	x, errX := os.Lstat(a)
	y, errY := os.Lstat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
