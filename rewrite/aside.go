package rewrite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// AsidePrefix begins the names of folders and files that are written aside, and
// of locks. What a kill leaves of them is no archive, and is removed by the next
// writer in the same folder.
const AsidePrefix = outlock.Prefix

// Aside is a folder beside output archives, in which they are written until they
// are complete. It holds a lock: others get an [*archive.InUseError].
type Aside struct {
	lock     *outlock.Lock
	dir      string // "" once it is gone
	folder   string // of the outputs, with its separator, or ""
	name     string // of the only output; "" if there may be several
	taken    map[string]bool
	replaced []string
}

// NewAside makes sure that nothing of an archive out exists, or else returns an
// error that wraps [io/fs.ErrExist], and makes the folder. What a writer left
// that was killed before its first record is removed, see [Aside.Replaced].
func NewAside(out string) (*Aside, error) {
	switch base := filepath.Base(out); {
	case base == ".", base == "..", os.IsPathSeparator(out[len(out)-1]):
		return nil, fmt.Errorf("%s: names a folder and no archive in it", out)
	}
	lock, err := outlock.Take(out)
	if err != nil {
		return nil, err
	}
	a := &Aside{lock: lock}
	a.folder, a.name = filepath.Split(out)
	return a, a.begin(a.free())
}

// NewAsideFolder makes a folder in which several archives are written that go to
// an existing folder. [Aside.Add] names them.
func NewAsideFolder(folder string) (*Aside, error) {
	lock, err := outlock.TakeFolder(folder)
	if err != nil {
		return nil, err
	}
	a := &Aside{lock: lock, folder: filepath.Clean(folder) + string(filepath.Separator), taken: map[string]bool{}}
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if base, ok := archive.BaseOf(e.Name()); ok {
			a.taken[base] = true
		}
	}
	return a, a.begin(err)
}

// begin makes the folder unless err says that there is no point.
func (a *Aside) begin(err error) error {
	dir := a.lock.New("")
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil {
		return errors.Join(err, a.lock.Release())
	}
	a.dir = dir
	return nil
}

// free makes sure that nothing of the output exists.
func (a *Aside) free() error { return a.vacate(a.folder + a.name) }

func (a *Aside) vacate(out string) error {
	removed, err := archive.Vacate(out)
	if removed {
		a.replaced = append(a.replaced, out)
	}
	return err
}

// Add makes sure that nothing of an archive of that name exists in the folder,
// and returns where to write it.
func (a *Aside) Add(name string) (base string, err error) {
	if a.taken[name] {
		lock, err := outlock.Take(a.folder + name)
		if err != nil {
			return "", err
		}
		if err := errors.Join(a.vacate(a.folder+name), lock.Release()); err != nil {
			return "", err
		}
	}
	return filepath.Join(a.dir, name), nil
}

// Base is where to write the output of NewAside.
func (a *Aside) Base() string { return filepath.Join(a.dir, a.name) }

// Replaced returns the archives that were there and held no record.
func (a *Aside) Replaced() []string { return slices.Clone(a.replaced) }

// Publish moves the outputs to their places, metadata last: without it the rest is
// no archive. On failure what was moved is taken back. After a crash the next
// writer in the folder goes on.
func (a *Aside) Publish() (err error) {
	if a.name != "" {
		if err := a.free(); err != nil {
			return err
		}
	}
	done, err := a.lock.Complete()
	if err != nil {
		return err
	}
	a.dir = done
	return outlock.MoveAll(done, a.folder)
}

// Remove removes the folder with what is left in it, and unlocks. A second Remove
// does nothing.
func (a *Aside) Remove() error {
	if a.dir == "" {
		return nil
	}
	err := os.RemoveAll(a.dir)
	a.dir = ""
	return errors.Join(err, a.lock.Release())
}
