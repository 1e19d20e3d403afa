package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// Exists reports whether path is a folder or names an archive.
func Exists(path string) bool {
	if isFolder(path) {
		return true
	}
	_, _, err := archive.Members(path)
	return err == nil
}

// Holds reports whether path names an archive or is a folder with an archive in
// it or below it.
func Holds(path string) bool {
	if !isFolder(path) {
		return Exists(path)
	}
	found, _ := archivesBelow(path)
	return len(found) > 0
}

// Find returns the base paths of the archives that paths name. A folder stands
// for all archives in it and in the folders below it. Find returns each archive
// once, also archives of which only an index is left. The error joins a
// [*NotArchiveError] for each path that names no archive, and the failures of
// folders that cannot be read; the archives found are valid beside it.
func Find(paths []string) (bases []string, failed error) {
	for _, path := range paths {
		found, err := findAt(path)
		failed = errors.Join(failed, err)
		for _, base := range found {
			if !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
		}
	}
	return bases, failed
}

// findAt returns the archives that one path names.
func findAt(path string) ([]string, error) {
	if isFolder(path) {
		found, err := archivesBelow(path)
		if len(found) == 0 && err == nil {
			err = notArchive(path)
		}
		return found, err
	}
	base, _, err := archive.Members(path)
	if err != nil {
		return nil, notArchive(path)
	}
	return []string{base}, nil
}

// BaseOf returns the base path of the archive that a file belongs to. ok is false
// for other files, even if their name begins like that of an archive beside them.
func BaseOf(file string) (base string, ok bool) {
	base, members, err := archive.Members(file)
	if err != nil {
		return "", false
	}
	return base, slices.ContainsFunc(members, func(m archive.Member) bool { return m.Path == file })
}

// folders returns a folder and all folders below it, and a Problem for each that
// cannot be read. It leaves out folders in which an archive is being written, and
// links to folders, which may lead back.
func folders(dir string, listing *archive.Listing) (all []string, unreadable []Problem) {
	names, err := listing.Folders(dir)
	if err != nil {
		return nil, []Problem{{Archive: dir, Skipped: true, Err: err}}
	}
	all = []string{dir}
	for _, name := range names {
		if !strings.HasPrefix(name, outlock.Prefix) {
			below, problems := folders(filepath.Join(dir, name), listing)
			all, unreadable = append(all, below...), append(unreadable, problems...)
		}
	}
	return all, unreadable
}

// archivesBelow returns the archives in a folder and in the folders below it, and
// the failures of folders that cannot be read.
func archivesBelow(dir string) (bases []string, failed error) {
	dirs, unreadable := folders(dir, &archive.Listing{})
	for _, p := range unreadable {
		failed = errors.Join(failed, p.Err)
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		failed = errors.Join(failed, err)
		tried := map[string]bool{} // asking for every file costs the square of their number
		for _, e := range entries {
			stem := memberStem(e.Name())
			if e.IsDir() || tried[stem] {
				continue
			}
			tried[stem] = true
			if base, ok := BaseOf(filepath.Join(dir, e.Name())); ok {
				bases = append(bases, base)
			}
		}
	}
	return bases, failed
}

// memberStem returns the part of a file name that all files of an archive share.
func memberStem(name string) string {
	ext := filepath.Ext(name)
	if slices.Contains(decomp.Suffixes[:], ext) {
		name = strings.TrimSuffix(name, ext)
	}
	return strings.TrimSuffix(name, filepath.Ext(name))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
