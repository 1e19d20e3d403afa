package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/store"
)

// archivesHelp says how archives are named, for the help of a verb.
const archivesHelp = `ARCHIVE is an archive's base name, any of its files, or a folder: all archives in
it and in the folders below it. Several, also separated by commas, are one timeline
of a host: a gap between two of them is a mark, and each is read by its own
metadata. What is damaged is named and the rest is read.`

// splitOperands splits what is a list with commas rather than a file.
func splitOperands(operands []string) []string {
	var paths []string
	for _, o := range operands {
		if namesArchive(o) {
			paths = append(paths, o)
			continue
		}
		paths = append(paths, strings.Split(o, ",")...)
	}
	return paths
}

// namesArchive reports whether there is an archive or a folder of that name.
func namesArchive(path string) bool {
	if isFolder(path) {
		return true
	}
	_, _, err := archive.Members(path)
	return err == nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// splitArchives tells the archives at the beginning of a command line from the
// names of metrics that follow. The first operand is an archive.
func splitArchives(args []string) (archives, metrics []string) {
	n := 1
	for n < len(args) && isArchive(args[n]) {
		n++
	}
	return args[:n], args[n:]
}

// isArchive is namesArchive, but a folder must hold archives: it may have the
// name of a metric.
func isArchive(path string) bool {
	for _, p := range strings.Split(path, ",") {
		if isFolder(p) {
			if found, _ := archivesBelow(p); len(found) == 0 {
				return false
			}
		} else if !namesArchive(p) {
			return false
		}
	}
	return true
}

// folders returns a folder and those below it, but for those in which an archive
// is being written, and names those that cannot be read. Links to folders below
// are not followed, as they may lead back.
func folders(dir string) (all []string, bad []store.Problem) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, []store.Problem{{Archive: dir, Skipped: true, Err: err}}
	}
	all = []string{dir}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), rewrite.AsidePrefix) {
			below, unread := folders(filepath.Join(dir, e.Name()))
			all, bad = append(all, below...), append(bad, unread...)
		}
	}
	return all, bad
}

// findArchives returns the archives that paths name, folders replaced by what is
// in them and below, and what is wrong with paths that name none.
func findArchives(paths []string) (archives []string, failed error) {
	for _, path := range paths {
		var found []string
		var err error
		if isFolder(path) {
			if found, err = archivesBelow(path); len(found) == 0 && err == nil {
				err = noArchive(path)
			}
		} else if base, _, e := archive.Members(path); e == nil {
			found = []string{base}
		} else {
			err = noArchive(path)
		}
		failed = errors.Join(failed, err)
		for _, base := range found {
			if !slices.Contains(archives, base) {
				archives = append(archives, base)
			}
		}
	}
	return archives, failed
}

// archivesBelow returns the archives in a folder and below it, also those of
// which no more than an index is left, and what cannot be read.
func archivesBelow(path string) (found []string, failed error) {
	dirs, bad := folders(path)
	for _, p := range bad {
		failed = errors.Join(failed, p.Err)
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		failed = errors.Join(failed, err)
		tried := map[string]bool{} // asking for each file would cost the square of their number
		for _, e := range entries {
			stem := memberStem(e.Name())
			if e.IsDir() || tried[stem] {
				continue
			}
			tried[stem] = true
			if base, ok := memberBase(filepath.Join(dir, e.Name())); ok {
				found = append(found, base)
			}
		}
	}
	return found, failed
}

// memberStem returns the name of a file without what tells the files of an
// archive apart.
func memberStem(name string) string {
	ext := filepath.Ext(name)
	if slices.Contains(decomp.Suffixes[:], ext) {
		name = strings.TrimSuffix(name, ext)
	}
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// memberBase returns the base path of the archive that a file is a member of; a
// file beside an archive may bear its base name and be none.
func memberBase(path string) (base string, ok bool) {
	base, members, err := archive.Members(path)
	if err != nil {
		return "", false
	}
	return base, slices.ContainsFunc(members, func(m archive.Member) bool { return m.Path == path })
}

// noArchive says what a path is that names no archive, and what can be done
// with it.
func noArchive(path string) error {
	switch path {
	case "":
		return usageError{errors.New("the name of an archive is empty")}
	case "-":
		return usageError{errors.New("-: an archive is several files, which standard input cannot be: name it")}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, _, err := archive.Members(path)
		return err
	case err != nil:
		return err
	case !info.IsDir() && isPacked(path):
		return fmt.Errorf("%s: is not an archive: unpack it and name the folder", path)
	case !info.IsDir():
		return fmt.Errorf("%s: is not a file of an archive: those end in .meta, .index or a number", path)
	}
	if kind, err := folderKind(path); err == nil && kind == endBlocks {
		return fmt.Errorf("%s: holds Prometheus blocks and no archive: 'pcparchive import tsdb' makes archives of them, 'pcparchive check --target' checks them", path)
	}
	return fmt.Errorf("%s: there is no archive in the folder or below it", path)
}

// isPacked reports whether a file's name is that of several files in one.
func isPacked(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.Contains(name, ".tar") || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".zip")
}
