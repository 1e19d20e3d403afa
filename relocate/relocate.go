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

// ErrSame reports that the old and the new name of an archive are the same.
var ErrSame = errors.New("is the same archive")

// Move moves the archive from to the base path to. It completes an earlier Move with the same
// names that a kill ended.
func Move(ctx context.Context, from, to string, o Options) (done Done, err error) {
	if same(filepath.Dir(from), filepath.Dir(to)) && filepath.Base(from) == filepath.Base(to) {
		return done, fmt.Errorf("%s: %w as %s", to, ErrSame, from)
	}
	lock, err := outlock.Take(from)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	target, err := outlock.Take(to)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, target.Release()) }()
	all, err := files(from)
	if err != nil {
		return done, err
	}
	there, err := archive.AllMembers(to)
	complete := err == nil && sameFiles(all, there, from, to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return done, err
	case complete:
	case !o.Force:
		return done, fmt.Errorf("%s: %w", there[0].Path, fs.ErrExist)
	default:
		if err := pack.Closed(to, there); err != nil {
			return done, err
		}
	}
	done = sum(all)
	if o.DryRun {
		return done, nil
	}
	if !complete {
		if done.Copied, err = place(ctx, target, all, there, from, to); err != nil {
			return Done{}, err
		}
	}
	return done, removeFiles(all)
}

// sameFiles reports whether every file of an archive has its second name or its copy at
// another place.
func sameFiles(all, there []archive.Member, from, to string) bool {
	for _, m := range all {
		name := to + m.Path[len(from):]
		i := slices.IndexFunc(there, func(o archive.Member) bool { return o.Path == name })
		if i < 0 || !placed(m.Path, name) {
			return false
		}
	}
	return true
}

// placed reports whether the file from may go, because to holds the same: a second name, the
// same bytes, or a link to the same file.
func placed(from, to string) bool {
	a, errA := os.Lstat(from)
	b, errB := os.Lstat(to)
	switch {
	case errA != nil || errB != nil:
		return false
	case a.Mode().Type() == fs.ModeSymlink && b.Mode().Type() == fs.ModeSymlink:
		return same(from, to)
	case !a.Mode().IsRegular() || !b.Mode().IsRegular():
		return false
	}
	return os.SameFile(a, b) || a.Size() == b.Size() && sameBytes(from, to)
}

// same reports whether two paths lead to one file or folder.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// place puts the files of an archive at the base path to, whose lock the caller holds, and
// replaces the files there.
func place(ctx context.Context, lock *outlock.Lock, all, there []archive.Member, from, to string) (copied bool, err error) {
	dir, name := filepath.Split(to)
	aside := lock.New("")
	if err := os.Mkdir(aside, 0o700); err != nil {
		return false, err
	}
	defer os.RemoveAll(aside)
	for _, m := range all {
		moved, err := bring(ctx, m.Path, filepath.Join(aside, name+m.Path[len(from):]), dir)
		if err != nil {
			return false, err
		}
		copied = copied || moved
	}
	if len(there) > 0 {
		return copied, errors.Join(lock.Swap(names(there)), dirsync.Sync(filepath.Dir(to)))
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

// names returns the names of files without their folder.
func names(all []archive.Member) (list []string) {
	for _, m := range all {
		list = append(list, filepath.Base(m.Path))
	}
	return list
}

// bring gives a file a second name, or copies it if that is on another file system. A link
// becomes a link to the same file from the folder final, where to will be.
func bring(ctx context.Context, from, to, final string) (copied bool, err error) {
	info, err := os.Lstat(from)
	if err != nil {
		return false, err
	}
	if info.Mode().Type() == fs.ModeSymlink {
		return false, bringLink(from, to, final)
	}
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

// bringLink makes a link at to, for use in the folder final, to the file that from links to.
func bringLink(from, to, final string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(target) {
		dir, err := realFolder(filepath.Dir(from))
		if err != nil {
			return err
		}
		if final, err = realFolder(final); err != nil {
			return err
		}
		if target, err = filepath.Rel(final, filepath.Join(dir, target)); err != nil {
			return err
		}
	}
	return os.Symlink(target, to)
}

// realFolder returns the absolute path of a folder, whose own path may lead over links. The
// empty path is the working folder.
func realFolder(path string) (string, error) {
	whole, err := filepath.EvalSymlinks(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	return filepath.Abs(whole)
}
