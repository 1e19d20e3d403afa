// Package input opens the files of text that converters read: plain or compressed
// files, the files of a folder, pipes, and standard input.
//
//	files, err := input.Find(paths, ".prom", ".txt", ".om")
//	if err != nil {
//		return err
//	}
//	for _, f := range files {
//		r, err := f.Open(input.Options{Stdin: os.Stdin})
//		…
//	}
package input

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// File is a file to read, or standard input.
type File struct {
	Name string    // path, or "standard input"
	Size int64     // bytes as stored; -1 for standard input
	Time time.Time // last change; for standard input, the time of Find
}

// Find returns the files that paths name, in their order. The path "-" stands for
// standard input. A folder stands for the regular files in it whose names end in one
// of the suffixes, sorted by name. Find fails if a path does not exist, or if a
// folder has no such file.
func Find(paths []string, suffixes ...string) ([]File, error) {
	var all []File
	for _, path := range paths {
		if path == Stdin {
			all = append(all, File{Name: "standard input", Size: -1, Time: time.Now()})
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			all = append(all, File{path, info.Size(), info.ModTime()})
			continue
		}
		found, err := filesIn(path, suffixes)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// filesIn returns the files in a folder whose names end in one of the suffixes.
func filesIn(dir string, suffixes []string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []File
	for _, e := range entries {
		if !slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
			continue
		}
		f := File{Name: filepath.Join(dir, e.Name())}
		if info, err := os.Stat(f.Name); err == nil { // if not, Open returns the error
			if !info.Mode().IsRegular() {
				continue
			}
			f.Size, f.Time = info.Size(), info.ModTime()
		}
		all = append(all, f)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no file in it ends in %s", dir, strings.Join(suffixes, " or "))
	}
	return all, nil
}

// Size returns the number of bytes that the files have together, -1 if standard input
// is among them.
func Size(files []File) (total int64) {
	for _, f := range files {
		if f.Size < 0 {
			return -1
		}
		total += f.Size
	}
	return total
}
