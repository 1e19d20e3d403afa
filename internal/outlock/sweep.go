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

// sweep removes what killed writers left in the folder of the lock. It leaves a
// file that cannot be removed to the next writer.
func (l *Lock) sweep() {
	entries, err := os.ReadDir(cmp.Or(l.dir, "."))
	if err != nil {
		return
	}
	left := map[string][]string{} // files by the output to which they belong
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
			_ = other.Release() // the next writer removes the files
		}
	}
}

// outputOf returns the output to which a temporary file belongs.
func outputOf(file string) (output string, ok bool) {
	output, ok = strings.CutPrefix(file, Prefix)
	if !ok {
		return "", false
	}
	for _, suffix := range []string{lockSuffix, doneSuffix, swapSuffix} {
		if output, found := strings.CutSuffix(output, suffix); found {
			return output, true
		}
	}
	if i := strings.LastIndex(output, newSuffix); i >= 0 {
		output = output[:i]
	}
	return output, true
}

// clean removes the files that a killed writer left of an output, and moves the
// contents of a complete folder to their place. The caller holds the output's
// lock.
func clean(dir string, files []string) {
	for _, file := range files {
		switch {
		case strings.HasSuffix(file, lockSuffix):
			continue
		case strings.HasSuffix(file, doneSuffix):
			// A writer that ignores locks has created files of these names;
			// keep them.
			_ = MoveAll(file, dir)
		case strings.HasSuffix(file, swapSuffix):
			if finishSwap(file, cmp.Or(dir, ".")) != nil {
				continue // the next writer tries again
			}
		}
		_ = os.RemoveAll(file)
	}
}

// MoveAll moves all files of one folder into another. It moves metadata last,
// because files without it do not form an archive. It replaces no file: on the
// first failure it moves everything back.
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

// move renames a file without replacing another one, as far as the file system
// can guarantee that.
func move(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		if same(from, to) { // an earlier crash happened between the link and the removal
			return os.Remove(from)
		}
		return &fs.PathError{Op: "move", Path: to, Err: fs.ErrExist}
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "move", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// same reports whether two names refer to the same file.
func same(a, b string) bool {
	x, errX := os.Lstat(a)
	y, errY := os.Lstat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
