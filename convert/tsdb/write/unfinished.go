package write

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// Suffixes of a block's folder while the block is written and while it is removed.
// Prometheus ignores such folders and removes them when it starts.
const (
	unfinishedSuffix = ".tmp-for-creation"
	removedSuffix    = ".tmp-for-deletion"
)

// ownMark is a file in the folder of an unfinished block. It distinguishes our blocks from
// those that a server is writing.
const ownMark = ".pcparchive"

// markOwn creates the mark in a folder.
func markOwn(dir string) error { return os.WriteFile(filepath.Join(dir, ownMark), nil, 0o644) }

// unmarkOwn removes the mark from a folder.
func unmarkOwn(dir string) error { return os.Remove(filepath.Join(dir, ownMark)) }

// removeUnfinished removes the unfinished blocks in a folder that the caller has locked. It
// leaves those without our mark if a server has the folder open: they may be the server's
// own, and a server removes the remains of a crash when it starts.
func removeUnfinished(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		stem, suffix := e.Name(), ""
		if i := strings.IndexByte(stem, '.'); i >= 0 {
			stem, suffix = stem[:i], stem[i:]
		}
		if _, e := ulid.ParseStrict(stem); e != nil || suffix != unfinishedSuffix && suffix != removedSuffix {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if _, noMark := os.Lstat(filepath.Join(path, ownMark)); suffix == unfinishedSuffix && noMark != nil && hasServer(dir) {
			continue
		}
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// hasServer reports whether a Prometheus server may have the folder open. It has not if
// there is no lock file, or nobody holds the lock.
func hasServer(dir string) bool {
	path := filepath.Join(dir, "lock")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	lock, _, err := fileutil.Flock(path)
	if err != nil {
		return true
	}
	return lock.Release() != nil
}
