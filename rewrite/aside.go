package rewrite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
)

// AsidePrefix begins the names of folders and files that are written aside. What
// a kill leaves of them is no archive.
const AsidePrefix = ".pcparchive-"

// Aside is a folder beside an output archive, in which the output is written
// until it is complete.
type Aside struct {
	dir, out string
}

// NewAside makes sure that nothing of an archive out exists, or else returns an
// error that wraps [fs.ErrExist], and makes the folder.
func NewAside(out string) (*Aside, error) {
	switch base := filepath.Base(out); {
	case base == ".", base == "..", os.IsPathSeparator(out[len(out)-1]):
		return nil, fmt.Errorf("%s: names a folder and no archive in it", out)
	}
	a := &Aside{out: out}
	if err := a.free(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), AsidePrefix+"*")
	if err != nil {
		return nil, err
	}
	a.dir = dir
	return a, nil
}

// free reports an error if a file of the output exists.
func (a *Aside) free() error {
	base, members, err := archive.Members(a.out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && filepath.Clean(base) != filepath.Clean(a.out) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w; choose another name or remove the archive", members[0].Path, fs.ErrExist)
}

// Base is where to write the output.
func (a *Aside) Base() string { return filepath.Join(a.dir, filepath.Base(a.out)) }

// Publish moves the output to its place, the metadata last: without it the rest
// is no archive. On failure what was moved is taken back.
func (a *Aside) Publish() (err error) {
	if err := a.free(); err != nil {
		return err
	}
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(x, y os.DirEntry) int { return isMeta(x) - isMeta(y) })
	var moved []string
	for _, e := range entries {
		to := filepath.Join(filepath.Dir(a.out), e.Name())
		if err := move(filepath.Join(a.dir, e.Name()), to); err != nil {
			for _, name := range moved {
				err = errors.Join(err, os.Remove(name))
			}
			return err
		}
		moved = append(moved, to)
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
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s: %w", to, fs.ErrExist)
	}
	return os.Rename(from, to)
}

// Remove removes the folder with what is left in it.
func (a *Aside) Remove() error { return os.RemoveAll(a.dir) }
