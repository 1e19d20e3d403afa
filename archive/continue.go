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

// Continue opens an archive, named by its base or by any of its files, to append
// to it. Version, host and start are those it has, whatever o says; what its
// metadata says is known and not written again; records earlier than its last
// are refused with [ErrOrder].
//
// What a crash left is cut back to the last whole record first, in all files. A
// last volume that cannot be appended to, because it is compressed, damaged, of
// another archive or not writable, stays as it is and a new volume follows it,
// as one does after a file that is numbered as a volume in a form unknown here.
// Metadata and an index that are compressed are stored plain, since they grow
// until the archive ends; an index that is absent or useless is made anew. All
// of this is what [Appender.Recovered] tells. Damaged metadata, and metadata of
// which two files differ, are an error, and nothing is changed.
//
// While another Appender writes the archive, the error is an [*InUseError]. Of one
// that holds no record, as its writer was killed before the first one, it wraps
// [ErrNoRecords]: [Create] takes its place. A nil o means defaults.
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
	if err := a.goOn(reopen); err != nil {
		return nil, errors.Join(err, a.lock.Release())
	}
	return a, nil
}

// goOn opens the archive, which is locked.
func (a *Appender) goOn(reopen func(name string) (disk, error)) error {
	base, members, err := Members(a.base)
	if err != nil {
		return err
	}
	if vacant(members) {
		return fmt.Errorf("archive %s: %w", base, ErrNoRecords)
	}
	t, err := survey(base, members)
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
	if err := a.reopen(t, reopen); err != nil {
		for _, f := range a.files() {
			if f.f != nil {
				f.f.Close()
			}
		}
		return fmt.Errorf("archive %s: %w", base, err)
	}
	a.recovered, a.began = t.recovered, a.plainSize()
	a.packLeft(t.plain)
	return nil
}

// packLeft has complete volumes compressed that a crash, a recording without
// compression or another program left plain, and notes them; not those of which
// there is another form.
func (a *Appender) packLeft(plain []Member) {
	if a.opts.Compress == CompressNone {
		return
	}
	dir, name := filepath.Split(a.base)
	found, err := membersOf(dir, name)
	if err != nil {
		return // they stay as they are
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
		_ = f.Close() // it was read only
	}
	if len(names) > 0 {
		a.recovered = append(a.recovered, Recovery{File: names[0], Action: RecoveryPacked, Volumes: len(names)})
		a.packer.start(false, names...)
	}
}

// openFile opens a file to go on with.
func openFile(name string) (disk, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// reopen opens the files and cuts them to what is whole.
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

// storePlain stores compressed metadata and a new index plain. Then it removes
// the files in which the same is stored, since readers differ in which of them
// they take.
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
		if m.Compress != "" { // else it was replaced under its name
			if err := supersede(m.Path, a.packer.sync); err != nil {
				return err
			}
		}
	}
	return nil
}

// reopen opens a file of which size bytes stay.
func (f *file) reopen(name string, size int64, open func(name string) (disk, error)) error {
	opened, err := open(name)
	if err != nil {
		return err
	}
	f.f, f.written = opened, size
	return opened.Truncate(size)
}

// Meta returns the metadata that the archive had when [Continue] opened it. It is
// kept until the first record: afterwards, and of a new archive, it is nil.
func (a *Appender) Meta() *meta.Store { return a.found }

// Header returns the archive's label. Of a new archive Start is zero until the
// first record.
func (a *Appender) Header() Header { return a.header }

// Recovered tells what [Continue] found amiss and what became of it: files
// that were cut, left or stored anew. Of an archive that was closed there is
// nothing to tell.
func (a *Appender) Recovered() []Recovery { return a.recovered }

// Resume says that nobody recorded between the archive's last record and t,
// which is the time of the next: unless the archive is new or was continued
// before by this Appender, or its last record is a mark, it writes a mark, one
// millisecond after the last record but not later than t.
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
