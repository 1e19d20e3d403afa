package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
)

// InputOf returns the first of the paths to which the existing file belongs: as that
// file, as a file of that archive, or as a file below that folder. Links do not hide
// it. ok is false if there is no such path or no such file. A writer asks InputOf
// before it replaces a file that may be part of its own input.
func InputOf(file string, paths []string) (input string, ok bool) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	for _, path := range paths {
		parts := []string{path}
		if _, members, err := archive.Members(path); err == nil {
			for _, m := range members {
				parts = append(parts, m.Path)
			}
		}
		for _, part := range parts {
			if isAtOrBelow(info, part) {
				return path, true
			}
		}
	}
	return "", false
}

// isAtOrBelow reports whether file is the file at root, or is below the folder root.
func isAtOrBelow(file fs.FileInfo, root string) bool {
	found := errors.New("found")
	if target, err := filepath.EvalSymlinks(root); err == nil {
		root = target
	}
	err := filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // the reader of the input reports unreadable files
		}
		if info, err := e.Info(); err == nil && os.SameFile(info, file) {
			return found
		}
		return nil
	})
	return errors.Is(err, found)
}
