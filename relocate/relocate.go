// Package relocate moves and removes whole archives: all their files, in every form.
//
// Move gives the files of an archive a new name or folder. On one file system the files
// get second names, and on another one they are copied, compared and brought to the disk.
// Only when the archive is complete in its new place, the old files go. A kill leaves the
// archive whole in one place at least, and the next Move with the same names continues.
//
// Neither touches an archive that is being written; see [pack.BusyError].
package relocate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pack"
	"github.com/pcparchive/pcparchive/rewrite"
)

// Options configure Move and Remove.
type Options struct {
	// Force replaces an archive that has the new name already.
	Force bool
	// DryRun changes nothing.
	DryRun bool
}

// Done says what was moved or removed.
type Done struct {
	Files  int
	Bytes  int64
	Copied bool // to another file system
}

// removal is the order in which files go: without metadata they are no archive.
var removal = map[archive.Role]int{archive.RoleIndex: 0, archive.RoleMeta: 1, archive.RoleData: 2}

// files returns the files of a closed archive in the order of their removal.
func files(base string) ([]archive.Member, error) {
	all, err := archive.AllMembers(base)
	if err != nil {
		return nil, err
	}
	if err := pack.Closed(base, all); err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b archive.Member) int { return removal[a.Role] - removal[b.Role] })
	return all, nil
}

// sum describes files.
func sum(all []archive.Member) (d Done) {
	for _, m := range all {
		d.Files++
		d.Bytes += m.Size
	}
	return d
}

// Remove removes an archive.
func Remove(base string, o Options) (done Done, err error) {
	lock, err := outlock.Take(base)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	all, err := files(base)
	if err != nil {
		return done, err
	}
	if !o.DryRun {
		err = removeFiles(all)
	}
	return sum(all), err
}

func removeFiles(all []archive.Member) error {
	for _, m := range all {
		if err := os.Remove(m.Path); err != nil {
			return err
		}
	}
	return nil
}

// Move moves the archive from to the base path to.
func Move(ctx context.Context, from, to string, o Options) (done Done, err error) {
	lock, err := outlock.Take(from)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	all, err := files(from)
	if err != nil {
		return done, err
	}
	switch there, err := archive.AllMembers(to); {
	case err == nil && sameFiles(all, there, from, to):
		if o.DryRun {
			return sum(all), nil
		}
		return sum(all), removeFiles(all) // a kill ended an earlier Move here
	case err == nil && !o.Force:
		return done, fmt.Errorf("%s: %w", there[0].Path, fs.ErrExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return done, err
	}
	if o.DryRun {
		return sum(all), nil
	}
	done = sum(all)
	if done.Copied, err = place(ctx, all, from, to, o.Force); err != nil {
		return Done{}, err
	}
	return done, removeFiles(all)
}

// sameFiles reports whether every file of an archive has its second name or its copy at
// another place.
func sameFiles(all, there []archive.Member, from, to string) bool {
	for _, m := range all {
		name := to + m.Path[len(from):]
		i := slices.IndexFunc(there, func(o archive.Member) bool { return o.Path == name })
		if i < 0 || !same(m.Path, name) {
			return false
		}
	}
	return true
}

// same reports whether two paths are one file, or files with the same bytes.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil {
		return false
	}
	return os.SameFile(x, y) || x.Size() == y.Size() && sameBytes(a, b)
}

// place puts the files of an archive at the base path to.
func place(ctx context.Context, all []archive.Member, from, to string, force bool) (copied bool, err error) {
	if force {
		// The lock of Aside protects the new name; the old archive goes at the last moment.
		if there, err := archive.AllMembers(to); err == nil {
			if err := pack.Closed(to, there); err != nil {
				return false, err
			}
		}
	}
	dir, name := filepath.Split(to)
	lock, err := outlock.Take(to)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	aside := lock.New("")
	if err := os.Mkdir(aside, 0o700); err != nil {
		return false, err
	}
	defer os.RemoveAll(aside)
	for _, m := range all {
		moved, err := bring(ctx, m.Path, filepath.Join(aside, name+m.Path[len(from):]))
		if err != nil {
			return false, err
		}
		copied = copied || moved
	}
	if there, err := archive.AllMembers(to); err == nil {
		if !force {
			return false, fmt.Errorf("%s: %w", there[0].Path, fs.ErrExist)
		}
		if err := removeFiles(there); err != nil {
			return false, err
		}
	}
	ready, err := lock.Complete()
	if err != nil {
		return false, err
	}
	if err := outlock.MoveAll(ready, dir); err != nil {
		return false, err
	}
	return copied, errors.Join(os.RemoveAll(ready), dirsync.Sync(filepath.Dir(to)))
}

// bring gives a file a second name, or copies it if that is on another file system.
func bring(ctx context.Context, from, to string) (copied bool, err error) {
	if err := os.Link(from, to); err == nil {
		return false, nil
	}
	if err := copyFile(ctx, from, to); err != nil {
		return false, err
	}
	if !sameBytes(from, to) {
		return false, fmt.Errorf("%s: %w", from, rewrite.ErrChanged)
	}
	return true, nil
}
