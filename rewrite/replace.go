package rewrite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// ErrChanged reports that an archive changed while its replacement was written.
var ErrChanged = errors.New("the archive changed meanwhile; is it still being recorded?")

// Replace writes an archive anew, as Copy does, in the place of the archive. Until the new
// archive is complete and on the disk, the old one stays as it is. A crash during the
// exchange of the files is completed by the next writer in the folder. r must not be used
// afterwards.
func Replace(ctx context.Context, r *archive.Reader, o Options) (report *Report, err error) {
	before, err := membersNow(r.Base())
	if err != nil {
		return nil, err
	}
	lock, err := outlock.Take(r.Base())
	if err != nil {
		return nil, err
	}
	a := &Aside{lock: lock}
	a.folder, a.name = filepath.Split(r.Base())
	if err := a.begin(nil); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Remove()) }()
	o.sync = true
	if report, err = Write(ctx, a.Base(), []*archive.Reader{r}, o); err != nil {
		return nil, err
	}
	after, err := membersNow(r.Base())
	if err != nil {
		return nil, err
	}
	if !slices.Equal(before, after) {
		return nil, fmt.Errorf("%s: %w", r.Base(), ErrChanged)
	}
	if err := a.adopt(before); err != nil {
		return nil, err
	}
	var names []string
	for _, m := range before {
		names = append(names, filepath.Base(m.Path))
	}
	return report, lock.Swap(names)
}

// membersNow returns the files of an archive with their sizes.
func membersNow(base string) ([]archive.Member, error) {
	_, members, err := archive.Members(base)
	return members, err
}

// adopt gives the new files the permissions of the old ones.
func (a *Aside) adopt(old []archive.Member) error {
	info, err := os.Stat(old[0].Path)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(a.dir)
	for _, e := range entries {
		err = errors.Join(err, os.Chmod(filepath.Join(a.dir, e.Name()), info.Mode().Perm()))
	}
	return err
}
