package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// InUseError reports that another Appender, usually of another process, is
// writing the archive.
type InUseError = outlock.HeldError

// ErrNoRecords says that the archive has no record: its writer was killed before
// the first one.
var ErrNoRecords = errors.New("holds no record")

// Vacate ensures that no file of an archive named base exists. It removes an
// archive without records, which a writer leaves if it is killed before the
// first one, and returns true if it did. For any other archive, in any form,
// the error wraps [fs.ErrExist].
func Vacate(base string) (removed bool, err error) {
	dir, name := filepath.Split(base)
	found, err := membersOf(dir, name)
	if err != nil {
		return false, fmt.Errorf("archive %s: %w", base, err)
	}
	if len(found) == 0 {
		return false, nil
	}
	if !vacant(found) {
		at := max(0, slices.IndexFunc(found, func(m Member) bool { return m.Role == RoleMeta }))
		return false, fmt.Errorf("%s: %w; choose another name or remove the archive", found[at].Path, fs.ErrExist)
	}
	for _, m := range found {
		err = errors.Join(err, os.Remove(m.Path))
	}
	return err == nil, err
}

// Remove removes the files of an archive. If an Appender is writing the
// archive, the error is an [*InUseError].
func Remove(base string) error {
	lock, err := outlock.Take(base)
	if err != nil {
		return err
	}
	dir, name := filepath.Split(base)
	found, err := membersOf(dir, name)
	for _, m := range found {
		err = errors.Join(err, os.Remove(m.Path))
	}
	return errors.Join(err, lock.Release())
}

// BaseOf returns the base name of the archive to which a file with the given
// name would belong. ok is false if the name is not that of a member.
func BaseOf(name string) (base string, ok bool) {
	base, _, ok = splitMember(name)
	return base, ok
}

// vacant reports whether files are those that an Appender creates before its
// first record: a plain metadata file, index and volume 0 without any record. Any
// other set of files may be the rest of an archive with records.
func vacant(found []Member) bool {
	roles := map[Role]bool{}
	empty := true
	for _, m := range found {
		if m.Compress != "" || m.Role == RoleData && m.Volume != 0 || !labelOnly(m) {
			return false
		}
		roles[m.Role] = true
		empty = empty && m.Size == 0
	}
	return empty || len(roles) == 3
}

// labelOnly reports whether a file contains no data record or index entry: it is
// empty, or begins with a label that may be incomplete. A metadata file may also
// contain metadata.
func labelOnly(m Member) bool {
	if m.Size == 0 {
		return true
	}
	f, err := os.Open(m.Path)
	if err != nil {
		return false
	}
	defer f.Close()
	const most = 4096 // exceeds the length of a label and an index entry
	raw, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return false
	}
	for _, l := range wire.Layouts() {
		label := appendHeader(nil, l, &Header{}, 0)
		const magic = 8 // length of the length word, magic number and version
		if n := min(len(raw), magic); !bytes.Equal(raw[:n], label[:n]) {
			continue
		}
		return len(raw) < l.HeaderSize || m.Role == RoleMeta || recordless(raw[l.HeaderSize:], m, l)
	}
	return false
}

// recordless reports whether the bytes after a label do not form a whole
// record.
func recordless(raw []byte, m Member, l *wire.Layout) bool {
	if m.Role == RoleIndex {
		return len(raw) < l.IndexEntrySize()
	}
	if len(raw) < 4 {
		return true
	}
	d := wire.NewDec(pcp.KindNone, raw)
	length := int64(d.U32())
	// A senseless length is damage, and records may follow it.
	return length >= int64(8+l.StampSize+4) && int64(l.HeaderSize)+length > m.Size
}

// lock locks the archive base against other writers unless NoLock is set.
func (o *WriteOptions) lock(base string) (*outlock.Lock, error) {
	if o.NoLock {
		return nil, nil
	}
	if stem := filepath.Base(base); stem == "" || stem == string(filepath.Separator) {
		return nil, nil // creating the files will report the error
	}
	return outlock.Take(base)
}

// startedAnew reports that Vacate removed an archive.
func startedAnew(base string) Recovery {
	return Recovery{File: base + ".meta", Action: RecoveryAnew, Err: ErrNoRecords}
}

// partialName returns the temporary name of a file of the archive base until
// the file is complete and on the disk.
func partialName(base, name string) string {
	suffix := name[min(len(base), len(name)):]
	return outlock.NewName(base, "-"+suffix[min(1, len(suffix)):]+partialSuffix)
}
