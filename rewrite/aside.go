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

// AsidePrefix is the prefix of the names of unfinished outputs and of locks. Files with
// this prefix do not count as archives. The next writer in the folder removes those that
// a killed writer left.
const AsidePrefix = outlock.Prefix

// Aside is a folder beside output archives that holds them until they are complete. It
// holds a lock: a second writer of the same output gets an [*archive.InUseError].
type Aside struct {
	lock     *outlock.Lock
	dir      string          // the folder; "" once it is removed
	folder   string          // folder of the outputs with a final separator, or ""
	name     string          // name of the only output; "" if there may be several
	taken    map[string]bool // archives that exist in folder
	replaced []string        // archives without a record that were removed
}

// NewAside makes a folder for one output, the archive out. If a file of that archive
// exists, the error wraps [io/fs.ErrExist]. NewAside removes an archive without a record,
// as a writer leaves that is killed early; see [Aside.Replaced].
func NewAside(out string) (*Aside, error) {
	switch base := filepath.Base(out); {
	case base == ".", base == "..", os.IsPathSeparator(out[len(out)-1]):
		return nil, fmt.Errorf("%s: names a folder: add a name for the archive", out)
	}
	lock, err := outlock.Take(out)
	if err != nil {
		return nil, err
	}
	a := &Aside{lock: lock}
	a.folder, a.name = filepath.Split(out)
	return a, a.begin(a.vacate(out))
}

// NewAsideFolder makes a folder for several outputs, which will move to an existing
// folder. [Aside.Add] names the outputs.
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

// begin makes the folder, or unlocks if err is not nil.
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

// vacate ensures that no file of the archive out exists; see [archive.Vacate].
func (a *Aside) vacate(out string) error {
	removed, err := archive.Vacate(out)
	if removed {
		a.replaced = append(a.replaced, out)
	}
	return err
}

// Add returns the base path at which to write an output with the given name. If an
// archive of that name exists in the target folder, the error wraps [io/fs.ErrExist].
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

// Base returns the base path at which to write the output of NewAside.
func (a *Aside) Base() string { return filepath.Join(a.dir, a.name) }

// Replaced returns the existing archives without a record that were removed.
func (a *Aside) Replaced() []string { return slices.Clone(a.replaced) }

// Publish moves the outputs to their places. It moves metadata last, because files without
// metadata are no archive. After a failure it moves the files back. After a crash the next
// writer in the folder completes the move.
func (a *Aside) Publish() (err error) {
	if a.name != "" {
		if err := a.vacate(a.folder + a.name); err != nil {
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

// Remove removes the folder with its content, and unlocks. A second Remove does nothing.
func (a *Aside) Remove() error {
	if a.dir == "" {
		return nil
	}
	err := os.RemoveAll(a.dir)
	a.dir = ""
	return errors.Join(err, a.lock.Release())
}
