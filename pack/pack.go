package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// least is the length from which files are compressed, as by PCP's pmlogcompress.
const least = 4096

// Options configure Compress and Decompress.
type Options struct {
	// How is the form that Compress writes. The zero value is no form.
	How archive.Compression
	// OlderThan leaves archives alone of which a file was changed more recently.
	OlderThan time.Duration
	// DryRun changes nothing and reports what would be done.
	DryRun bool
	Now    func() time.Time // replaces time.Now; may be nil

	anyAge bool // ask for writers alone
}

func (o *Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// Done says what was done with one archive.
type Done struct {
	Files  int   // files replaced
	Before int64 // bytes of these files
	After  int64 // bytes of the files in their place; zero in a dry run
}

// job replaces the files of one archive.
type job struct {
	o    Options
	base string
	done Done
}

// Compress compresses the files of an archive in place.
func Compress(ctx context.Context, base string, o Options) (Done, error) {
	if o.How.Suffix() == "" {
		return Done{}, fmt.Errorf("compression %s: %w", o.How, errors.ErrUnsupported)
	}
	return run(base, o, func(j *job, m archive.Member, all []archive.Member) error {
		if m.Role == archive.RoleIndex || m.Compress != "" {
			return nil
		}
		if twin, ok := other(all, m, func(c string) bool { return c != "" }); ok {
			return j.settle(m, twin, m.Path)
		}
		if m.Size < least {
			return nil
		}
		return j.replace(ctx, m, m.Path+o.How.Suffix(), o.How)
	})
}

// Decompress replaces the compressed files of an archive by plain ones.
func Decompress(ctx context.Context, base string, o Options) (Done, error) {
	return run(base, o, func(j *job, m archive.Member, all []archive.Member) error {
		if m.Compress == "" {
			return nil
		}
		if twin, ok := other(all, m, func(c string) bool { return c == "" }); ok {
			return j.settle(twin, m, m.Path)
		}
		return j.replace(ctx, m, strings.TrimSuffix(m.Path, m.Compress), archive.CompressNone)
	})
}

// other returns the file of a member in another form.
func other(all []archive.Member, m archive.Member, form func(compress string) bool) (archive.Member, bool) {
	for _, o := range all {
		if o.Role == m.Role && o.Volume == m.Volume && form(o.Compress) {
			return o, true
		}
	}
	return archive.Member{}, false
}

// run calls each for the files of a closed archive under its lock.
func run(base string, o Options, each func(j *job, m archive.Member, all []archive.Member) error) (done Done, err error) {
	lock, err := outlock.Take(base)
	if held := (*outlock.HeldError)(nil); errors.As(err, &held) {
		return done, &BusyError{Base: base, Why: held.Error()}
	}
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	all, err := archive.AllMembers(base)
	if err != nil {
		return done, err
	}
	if err := closed(base, all, &o); err != nil {
		return done, err
	}
	j := &job{o: o, base: base}
	for _, m := range all {
		if err = each(j, m, all); err != nil {
			break
		}
	}
	return j.done, err
}

// settle removes a file whose contents another file has in the form that is wanted. A kill
// between the last two steps of replace leaves both.
func (j *job) settle(plain, packed archive.Member, superfluous string) error {
	same, err := archive.SameContents(plain, packed)
	if err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("%s and %s have different contents: remove the wrong one", plain.Path, packed.Path)
	}
	if j.o.DryRun {
		return nil
	}
	for _, m := range []archive.Member{plain, packed} {
		if m.Path != superfluous {
			if err := onDisk(m.Path); err != nil {
				return err
			}
		}
	}
	return j.remove(superfluous)
}

// replace writes the contents of a file in another form to the path name, and removes the
// file when that is complete, compared and on the disk.
func (j *job) replace(ctx context.Context, m archive.Member, name string, how archive.Compression) (err error) {
	info, err := os.Lstat(m.Path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is a link: name the archive that it links to", m.Path)
	}
	if j.o.DryRun {
		j.done.Files++
		j.done.Before += info.Size()
		return nil
	}
	aside := outlock.NewName(j.base, "-"+filepath.Base(name)+".partial")
	_ = os.Remove(aside) // it is absent unless a kill left it
	defer func() {
		if err != nil {
			_ = os.Remove(aside)
		}
	}()
	if err := write(ctx, m, aside, how); err != nil {
		return err
	}
	adopt(aside, info)
	size, err := j.compare(m, aside, how, info)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	if err := os.Rename(aside, name); err != nil {
		return err
	}
	if err := dirsync.Sync(filepath.Dir(name)); err != nil {
		return err
	}
	j.done.Files++
	j.done.Before += info.Size()
	j.done.After += size
	return j.remove(m.Path)
}

// compare compares a written file with the original, which must not have changed since.
func (j *job) compare(m archive.Member, aside string, how archive.Compression, before os.FileInfo) (size int64, err error) {
	written := archive.Member{Path: aside, Role: m.Role, Volume: m.Volume, Compress: how.Suffix()}
	plain, packed := m, written
	if how == archive.CompressNone {
		plain, packed = written, m
	}
	same, err := archive.SameContents(plain, packed)
	if err != nil {
		return 0, err
	}
	now, err := os.Lstat(m.Path)
	if err != nil {
		return 0, err
	}
	if !same || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
		return 0, &BusyError{Base: j.base, Why: m.Path + " changes"}
	}
	info, err := os.Stat(aside)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// write writes the contents of a file to a new file, and waits until they are on the disk.
func write(ctx context.Context, m archive.Member, to string, how archive.Compression) error {
	in, err := archive.OpenMember(m, nil)
	if err != nil {
		return err
	}
	defer in.Close()
	return dirsync.WriteFile(to, 0o600, func(out io.Writer) error {
		if how == archive.CompressNone {
			_, err := io.Copy(out, ctxio.NewReader(ctx, in.From(0)))
			return err
		}
		w, err := how.NewWriter(out)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, ctxio.NewReader(ctx, in.From(0))); err != nil {
			return err
		}
		return w.Close()
	})
}

// remove removes a file whose contents are safe.
func (j *job) remove(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return dirsync.Sync(filepath.Dir(path))
}
