package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/store"
)

// archivesHelp explains the operand ARCHIVE in the help of a verb.
const archivesHelp = `ARCHIVE is an archive's base name, any of its files, or a folder. A folder stands for
all archives in it and in the folders below it. Several operands, or a list with
commas, form one timeline for each host, with a mark in each gap between two archives.
The metadata of each archive describes its own values. The command reports damage and
reads the rest.`

// splitOperands splits operands that are lists with commas. An operand that names
// a file is not a list.
func splitOperands(operands []string) []string {
	var paths []string
	for _, o := range operands {
		if store.Exists(o) {
			paths = append(paths, o)
			continue
		}
		paths = append(paths, strings.Split(o, ",")...)
	}
	return paths
}

// splitArchives separates the archives at the beginning of a command line from the
// metric names that follow. The first operand is always an archive.
func splitArchives(args []string) (archives, metrics []string) {
	n := 1
	for n < len(args) && isArchive(args[n]) {
		n++
	}
	return args[:n], args[n:]
}

// isArchive reports whether an operand names archives. A folder must hold some: its
// name may be that of a metric.
func isArchive(operand string) bool {
	return !slices.ContainsFunc(strings.Split(operand, ","), func(path string) bool { return !store.Holds(path) })
}

// findArchives returns the archives that operands name, as [store.Find] does. An operand may
// be a list with commas.
func findArchives(operands []string) (bases []string, failed error) {
	for _, path := range splitOperands(operands) {
		found, err := store.Find([]string{path})
		failed = errors.Join(failed, explainNotArchive(err))
		for _, base := range found {
			if !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
		}
	}
	return bases, failed
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// inputFormat returns the format of operands, which all must have the same. The
// streams it returns still have all of standard input.
func inputFormat(s streams, paths []string) (format.Format, streams, error) {
	common := format.Unknown
	for _, path := range paths {
		var f format.Format
		var err error
		if path == "-" {
			f, s.in, err = format.DetectReader(s.in)
			if err != nil {
				err = fmt.Errorf("standard input: %w", err)
			}
		} else {
			f, err = format.Detect(path)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist) && strings.Contains(path, ","):
			f = format.Archive // a list
		case errors.Is(err, format.ErrNotRegular):
			return "", s, usageError{fmt.Errorf("%s is a pipe or a device, which can be read only once: give its format with --from", path)}
		case errors.Is(err, format.ErrUnknown):
			return "", s, fmt.Errorf("%w; give its format with --from", err)
		case err != nil:
			return "", s, err
		}
		if common != format.Unknown && f != common {
			return "", s, usageError{fmt.Errorf("%s holds %s and %s holds %s: convert them one after the other, or give --from", paths[0], common, path, f)}
		}
		common = f
	}
	return common, s, nil
}
