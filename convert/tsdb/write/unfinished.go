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

// The ends of the names of a block's folder while it is written and while it is
// removed. Prometheus ignores such folders and removes them when it starts.
const (
	unfinished = ".tmp-for-creation"
	unwanted   = ".tmp-for-deletion"
)

// ownMark is a file in the folder of an unfinished block that tells our blocks
// from those that a server is writing.
const ownMark = ".pcparchive"

// markOwn puts the mark into a folder, unmarkOwn removes it.
func markOwn(dir string) error { return os.WriteFile(filepath.Join(dir, ownMark), nil, 0o644) }

func unmarkOwn(dir string) error { return os.Remove(filepath.Join(dir, ownMark)) }

// removeUnfinished removes the unfinished blocks in a folder that the caller has
// locked. Those without our mark stay if a server has the folder open: they may be
// its own, and it removes what a crash left when it starts.
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
		if _, e := ulid.ParseStrict(stem); e != nil || suffix != unfinished && suffix != unwanted {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if _, noMark := os.Lstat(filepath.Join(path, ownMark)); suffix == unfinished && noMark != nil && served(dir) {
			continue
		}
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// served reports whether a Prometheus server has the folder open. It is certain
// that none has where there is no lock file, or one that nobody holds.
func served(dir string) bool {
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
