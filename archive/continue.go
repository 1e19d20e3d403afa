package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Continue opens an archive to append to it. path is its base or any of its
// files. The archive keeps its version, host and start; o does not change them.
// Continue knows the archive's metadata, which an Appender does not write
// again. Records earlier than its last one are rejected with [ErrOrder]. A nil
// o means defaults.
//
// Continue first repairs the archive and reports each repair in
// [Appender.Recovered]:
//   - It truncates all files to their last whole record, removing the fragments
//     that a crash left.
//   - It leaves the last volume unchanged and begins a new one if it cannot append
//     to the last: because that is compressed, damaged, of another archive or not
//     writable, or because a file numbered as a later volume has an unknown form.
//   - It decompresses metadata and index, which grow until the archive ends.
//   - It rebuilds an index that is missing or unusable.
//   - It removes the plain form of a complete volume whose compressed form has
//     the same contents, or a compressed form that is only a fragment.
//
// If the metadata is damaged, or exists in two files that differ, Continue
// fails and changes nothing. While another Appender writes the archive, the
// error is an [*InUseError]. If the archive needs a further volume, now or by the
// options, and a folder or a file of text has its name, the error is a
// [*TakenError]. If the archive has no record because its writer was killed before the first, the error wraps [ErrNoRecords]; use [Create] to
// replace it.
func Continue(path string, o *WriteOptions) (*Appender, error) {
	pool := o.files()
	return continueOn(path, o, pool.opener(createFile, createFlags), pool.opener(openFile, os.O_RDWR))
}

func continueOn(path string, o *WriteOptions, open, reopen func(name string) (disk, error)) (*Appender, error) {
	base, _, err := Members(path)
	if err != nil {
		return nil, err
	}
	a := &Appender{base: base, open: open, started: true, values: true}
	if o != nil {
		a.opts = *o
	}
	if a.lock, err = a.opts.lock(base); err != nil {
		return nil, err
	}
	if err := a.resumeFiles(reopen); err != nil {
		return nil, errors.Join(err, a.lock.Release())
	}
	return a, nil
}

// resumeFiles opens the files of the archive, which must be locked, to append to them.
func (a *Appender) resumeFiles(reopen func(name string) (disk, error)) error {
	base, members, err := Members(a.base)
	if err != nil {
		return err
	}
	if vacant(members) {
		return fmt.Errorf("archive %s: %w", base, ErrNoRecords)
	}
	t, err := survey(base, members, a.opts.OnFlush)
	if err != nil {
		return err
	}
	a.header, a.layout, a.known, a.found = *t.header, t.layout, t.known, t.store
	if a.opts.Accept != nil {
		if err := a.opts.Accept(a.header); err != nil {
			return err
		}
	}
	a.opts.Version = t.layout.Version
	if err := a.setUp(); err != nil {
		return fmt.Errorf("archive %s: %w", base, err)
	}
	a.stamp, a.volume, a.lastStart, a.gap = t.last, t.volume, t.lastStart, t.gap
	a.entries, a.indexStamp, a.indexedAt = len(t.entries), t.lastEntry().Stamp, t.lastEntry().Data
	a.metaStart = t.meta
	if err := a.free(a.volume.number); err != nil {
		return err
	}
	if err := a.reopen(t, reopen); err != nil {
		for _, f := range a.files() {
			if f.f != nil {
				f.f.Close()
			}
		}
		return fmt.Errorf("archive %s: %w", base, err)
	}
	a.recovered, a.began = t.recovered, a.plainSize()
	a.settle(t)
	a.packLeft(t.plain)
	return nil
}

// packLeft compresses the complete volumes that a crash, a recording without
// compression or another program left plain, and reports them. It skips volumes
// that also exist in another form.
func (a *Appender) packLeft(plain []Member) {
	if a.opts.Compress == CompressNone {
		return
	}
	dir, name := filepath.Split(a.base)
	found, err := membersOf(dir, name)
	if err != nil {
		return // leave them plain
	}
	forms := map[int]int{}
	for _, m := range found {
		if m.Role == RoleData {
			forms[m.Volume]++
		}
	}
	var names []string
	for _, m := range plain {
		f, err := OpenMember(m, nil)
		if err != nil {
			continue
		}
		if forms[m.Volume] == 1 && !f.Compressed() {
			names = append(names, m.Path)
		}
		_ = f.Close() // a file opened for reading has nothing to lose
	}
	if len(names) > 0 {
		a.recovered = append(a.recovered, Recovery{File: names[0], Action: RecoveryPacked, Volumes: len(names)})
		a.packer.start(false, names...)
	}
}

// openFile opens an existing file for appending.
func openFile(name string) (disk, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// reopen opens the files and truncates them to their whole records.
func (a *Appender) reopen(t *tail, open func(name string) (disk, error)) error {
	removePartials(a.base)
	if err := a.storePlain(t); err != nil {
		return err
	}
	if err := a.meta.reopen(a.base+".meta", t.meta, open); err != nil {
		return err
	}
	if !a.volume.ended {
		err := a.data.reopen(a.volumeName(), t.data, open)
		switch {
		case errors.Is(err, fs.ErrPermission):
			t.leave(a.volumeName(), t.data, 0, err)
			a.volume.ended, a.volume.records = true, 1
			a.volume.before += t.data
		case err != nil:
			return err
		case t.data == 0:
			a.data.buf = appendHeader(a.data.buf, a.layout, &a.header, a.volume.number)
		}
	}
	return a.index.reopen(a.base+".index", t.index, open)
}

// storePlain replaces compressed metadata and a rebuilt index by plain files.
// It then removes other files with the same contents, because readers differ in
// which file they prefer.
func (a *Appender) storePlain(t *tail) error {
	if t.metaPacked {
		err := writeAside(a.base, a.base+".meta", a.packer.sync, a.open, func(w io.Writer) error {
			f, err := OpenMember(t.metaFile, nil)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.CopyN(w, f.From(0), t.meta)
			return err
		})
		if err != nil {
			return err
		}
	}
	if !t.indexKept {
		raw := appendHeader(nil, a.layout, &a.header, wire.VolumeIndex)
		for _, e := range t.entries {
			raw = appendIndexEntry(raw, a.layout, e)
		}
		t.index = int64(len(raw))
		err := writeAside(a.base, a.base+".index", a.packer.sync, a.open, func(w io.Writer) error {
			_, err := w.Write(raw)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, m := range t.twins {
		if m.Compress != "" { // otherwise the plain file has replaced it under the same name
			if err := supersede(m.Path, a.packer.sync); err != nil {
				return err
			}
		}
	}
	return nil
}

// reopen opens an existing file and keeps its first size bytes.
func (f *file) reopen(name string, size int64, open func(name string) (disk, error)) error {
	opened, err := open(name)
	if err != nil {
		return err
	}
	f.f, f.written = opened, size
	return opened.Truncate(size)
}

// Meta returns the metadata that the archive had when [Continue] opened it. It
// is nil after the next record and in a new archive.
func (a *Appender) Meta() *meta.Store { return a.found }

// Header returns the archive's label. In a new archive Start is zero until the
// first record.
func (a *Appender) Header() Header { return a.header }

// Recovered returns the repairs that [Continue] made: files that were
// truncated, removed, left or stored anew. It is empty if the archive was closed
// properly.
func (a *Appender) Recovered() []Recovery { return a.recovered }

// Resume writes a mark if recording was interrupted between the archive's last
// record and t, the time of the next record. The mark is one millisecond after
// the last record but not later than t. Resume does nothing if the archive is
// new, if this Appender has already continued it, or if the last record is a
// mark.
func (a *Appender) Resume(t pcp.Timestamp) error {
	if !a.gap || a.err != nil {
		return a.err
	}
	at := a.stamp.Add(MarkAfter)
	if t.Before(at) {
		at = t
	}
	return a.Mark(at)
}
