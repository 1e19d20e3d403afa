package archive

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// WriteOptions change how an archive is written. The zero value is the default.
type WriteOptions struct {
	Version pcp.Version // 0: version 3
	// Buffer is how many bytes of values are held back before they are written
	// together; 0: 1 MiB. Flush writes them at once.
	Buffer int
	// NoSync leaves it to the operating system when files reach the disk. It is
	// for what can be made again if the power fails.
	NoSync bool
	// NoLock leaves out the lock that keeps others from writing the archive at the
	// same time, and the search for files of the archive in other forms: for a
	// new folder in which nobody else writes.
	NoLock bool
	// Files bounds how many files Appenders that share it have open; nil: each has
	// its own open all the time.
	Files *FilePool

	// The following end a data volume; 0 means no such limit. A new volume
	// begins with the record that would make the one before longer than
	// VolumeSize bytes, with the one after VolumeRecords records, marks
	// included, and with one that is VolumeTime or more later than the volume's
	// first. Every volume has at least one record. The limit of the version,
	// 2 GiB in version 2, holds in any case. See also [Appender.Rotate].
	VolumeSize    int64
	VolumeRecords int
	VolumeTime    time.Duration

	// Compress is how volumes are stored that are complete. Each is compressed
	// beside the writing, into a file that takes its place; until then, and
	// after a crash or a failure to compress, it is there as it was written.
	// Continue compresses what is left of these.
	Compress Compression
	// CompressLast has Close compress the last volume too: nothing is going to
	// be appended.
	CompressLast bool

	// AsIs takes descriptors without semantics or with invalid names, and a label
	// without a time zone, as they are: for tools that copy.
	AsIs bool

	// Accept is asked by Continue before it changes anything of an archive, and may
	// refuse it with an error. May be nil.
	Accept func(Header) error
}

const defaultBuffer = 1 << 20

// Errors of an Appender that a caller may act on.
var (
	// ErrOrder: a record is older than its predecessor.
	ErrOrder = errors.New("earlier than the last record")
	// ErrClosed: the Appender was closed.
	ErrClosed = errors.New("archive is closed")
)

// Appender writes an archive. Metadata that a record needs is given before it
// and takes effect with it. An Appender has one owner. A call that refuses what
// it was given ([ErrOrder], [pcp.ErrMismatch], [pcp.ErrRange], [pcp.ErrLimit])
// writes nothing of it and may be followed by others; after a failure to write
// every call but Close fails.
//
// On disk metadata precedes the values that need it and values precede the
// index entry that points at them, so what a crash leaves is an archive that
// may end inside its last record.
type Appender struct {
	base   string
	open   func(name string) (disk, error)
	header Header
	layout *wire.Layout
	opts   WriteOptions
	lock   *outlock.Lock // nil if there is none
	meta   file
	data   file
	index  file
	known  inForce
	volume volume
	packer packer

	started    bool // labels are written
	stamp      pcp.Timestamp
	metaStart  int64 // where the current record's metadata begins
	newInDom   bool  // an instance domain was written since the last record
	indexedAt  int64 // data offset of the last index entry
	indexStamp pcp.Timestamp
	entries    int
	lastStart  int64 // data offset of the last record
	gap        bool  // the last record was found, and is no mark
	values     bool  // there may be records that are no marks
	found      *meta.Store
	began      int64 // plainSize when this Appender began
	recovered  []Recovery
	err        error
}

// Create begins an archive at base. Its version comes from o, start and volume
// from the first record, the rest of its label from h; a label without a time zone
// gets this host's. It never overwrites: if
// any file of an archive of that name exists, in any form, the error wraps
// [io/fs.ErrExist]; but what a writer left that was killed before its first
// record is removed, see [Vacate]. While another Appender writes the archive, the
// error is an [*InUseError]. A nil o means defaults.
func Create(base string, h Header, o *WriteOptions) (*Appender, error) {
	return create(base, h, o, o.files().opener(createFile, createFlags))
}

func create(base string, h Header, o *WriteOptions, open func(name string) (disk, error)) (*Appender, error) {
	a := &Appender{base: base, open: open, header: h, known: newInForce()}
	if o != nil {
		a.opts = *o
	}
	if err := a.setUp(); err != nil {
		return nil, fmt.Errorf("archive %s: %w", base, err)
	}
	if a.header.Zone == "" && a.header.ZoneInfo == "" && !a.opts.AsIs {
		a.header.Zone, a.header.ZoneInfo = LocalZone(time.Now())
	}
	layout, ok := wire.For(cmp.Or(a.opts.Version, pcp.V3))
	if !ok {
		return nil, fmt.Errorf("archive %s: %s: %w", base, a.opts.Version, pcp.ErrVersion)
	}
	a.layout, a.header.Version = layout, layout.Version
	if err := a.header.fits(layout); err != nil {
		return nil, fmt.Errorf("archive %s: %w", base, err)
	}
	if err := a.claim(); err != nil {
		return nil, errors.Join(err, a.lock.Release())
	}
	for _, m := range []struct {
		to     *file
		suffix string
	}{{&a.meta, ".meta"}, {&a.index, ".index"}, {&a.data, ".0"}} {
		f, err := open(base + m.suffix)
		if err != nil {
			a.discard()
			return nil, errors.Join(err, a.lock.Release())
		}
		m.to.f = f
	}
	return a, nil
}

// claim locks the archive and makes sure that it is new.
func (a *Appender) claim() (err error) {
	if a.opts.NoLock {
		return nil
	}
	if a.lock, err = a.opts.lock(a.base); err != nil {
		return err
	}
	removed, err := Vacate(a.base)
	if removed {
		a.recovered = []Recovery{startedAnew(a.base)}
	}
	return err
}

// files returns the pool of options that may be nil.
func (o *WriteOptions) files() *FilePool {
	if o == nil {
		return nil
	}
	return o.Files
}

// setUp completes what options say.
func (a *Appender) setUp() error {
	a.opts.Buffer = cmp.Or(a.opts.Buffer, defaultBuffer)
	a.packer = packer{base: a.base, files: a.opts.Files, how: a.opts.Compress, sync: !a.opts.NoSync, open: a.open}
	return a.opts.Compress.valid()
}

// files lists the files in the order in which they must reach the disk.
func (a *Appender) files() []*file { return []*file{&a.meta, &a.data, &a.index} }

// discard removes the files.
func (a *Appender) discard() {
	for _, f := range a.files() {
		f.discard()
	}
}

// Version returns the version being written.
func (a *Appender) Version() pcp.Version { return a.layout.Version }

// Size returns the bytes written and buffered, all files together, as they are
// stored.
func (a *Appender) Size() int64 { return a.plainSize() - a.packer.saved.Load() }

// plainSize returns the bytes of all files as if none of this Appender's volumes
// was compressed.
func (a *Appender) plainSize() int64 {
	return a.meta.size() + a.volume.before + a.data.size() + a.index.size()
}

// Written returns the bytes that this Appender added, before compression, and the
// share of them that compression leaves: of the volumes that it completed and
// compressed so far, or 1.
func (a *Appender) Written() (bytes int64, share float64) {
	return a.plainSize() - a.began, a.packer.share()
}

// Append writes a result. Its stamp must not be earlier than the last record's:
// [ErrOrder], with nothing written.
func (a *Appender) Append(r *Result) error {
	switch {
	case a.err != nil:
		return a.err
	case a.started && r.Stamp.Before(a.stamp):
		return fmt.Errorf("record at %s: %w %s", r.Stamp, ErrOrder, a.stamp)
	}
	if err := a.fits(r.Stamp); err != nil {
		return err
	}
	size, err := r.check(a.layout)
	if err != nil {
		return fmt.Errorf("record at %s: %w", r.Stamp, err)
	}
	if int64(a.layout.HeaderSize)+size > a.layout.MaxFile {
		return a.tooLong("." + strconv.Itoa(int(a.volume.number)))
	}
	if !a.started {
		a.start(r.Stamp)
	}
	if a.volume.ends(a, r.Stamp, size) {
		if err := a.nextVolume(); err != nil {
			return a.fail(err)
		}
	}
	a.stamp, a.lastStart = r.Stamp, a.data.size()
	a.gap, a.found = false, nil
	a.values = a.values || len(r.Sets) > 0
	if a.volume.records == 0 || a.newInDom || a.lastStart-a.indexedAt > indexEvery {
		a.putIndex(a.metaStart)
	}
	a.volume.add(r.Stamp)
	a.data.buf = appendResult(a.data.buf, a.layout, r)
	a.newInDom, a.metaStart = false, a.meta.size()
	if len(a.data.buf) >= a.opts.Buffer {
		return a.Flush()
	}
	return nil
}

// Mark writes a mark.
func (a *Appender) Mark(t pcp.Timestamp) error { return a.Append(&Result{Stamp: t}) }

// start writes the labels, now that the start is known. Metadata given before
// the first record waits in its buffer and moves behind its label.
func (a *Appender) start(t pcp.Timestamp) {
	a.started = true
	a.header.Start = t
	waiting := a.meta.buf
	a.meta.buf = append(appendHeader(nil, a.layout, &a.header, wire.VolumeMeta), waiting...)
	a.index.buf = appendHeader(a.index.buf, a.layout, &a.header, wire.VolumeIndex)
	a.data.buf = appendHeader(a.data.buf, a.layout, &a.header, a.volume.number)
	a.metaStart = int64(a.layout.HeaderSize)
}

// putIndex points at the last record unless the entry before it has its time.
func (a *Appender) putIndex(metaOffset int64) {
	if a.entries > 0 && a.stamp == a.indexStamp {
		return
	}
	e := IndexEntry{Stamp: a.stamp, Volume: a.volume.number, Meta: metaOffset, Data: a.lastStart}
	a.index.buf = appendIndexEntry(a.index.buf, a.layout, e)
	a.indexStamp, a.indexedAt = a.stamp, a.lastStart
	a.entries++
}

func (a *Appender) fits(t pcp.Timestamp) error {
	if t.Nsec < 0 || t.Nsec > 999999999 || !a.layout.Fits(pcp.Timestamp{Sec: t.Sec}) {
		return fmt.Errorf("time %s in a %s archive: %w", t, a.layout.Version, pcp.ErrRange)
	}
	return nil
}

// tooLong is the answer to a record that a file has no room for.
func (a *Appender) tooLong(suffix string) error {
	return fmt.Errorf("%s: a file of %s may have %d bytes: %w", a.base+suffix, a.layout.Version, a.layout.MaxFile, pcp.ErrLimit)
}

// Flush writes what is buffered: metadata, then values, then index.
func (a *Appender) Flush() error {
	if a.err != nil || !a.started {
		return a.err
	}
	for _, f := range a.files() {
		if err := f.flush(); err != nil {
			return a.fail(err)
		}
	}
	return nil
}

// fail makes err the answer to every further call.
func (a *Appender) fail(err error) error {
	a.err = err
	return err
}

// Close ends the archive: it points the index at the last record, writes what
// is buffered and, unless told otherwise, syncs the files. An archive without
// any record, or with marks and no metadata at all, which nobody can open, is
// removed, and after a failure to write so is a file that nothing
// was written to. Close waits for volumes being compressed; that one could not
// be, and stayed as it was, is an error only here.
func (a *Appender) Close() error {
	if errors.Is(a.err, ErrClosed) {
		return nil
	}
	return errors.Join(a.end(), a.lock.Release())
}

// end is Close while the archive is locked.
func (a *Appender) end() error {
	if !a.started || a.err == nil && a.marksOnly() && a.volume.before == 0 {
		a.discard()
		a.err = ErrClosed
		return nil
	}
	if a.err == nil {
		a.putIndex(a.meta.size())
	}
	err := a.Flush()
	switch {
	case a.data.written > 0 && a.index.written == 0:
		a.index.discard()
	case a.data.written > 0:
	case a.volume.before > 0:
		a.data.discard()
	default:
		a.discard() // not even the label: readers would take it for damage
	}
	last := a.data.f != nil && a.opts.CompressLast && err == nil
	for _, f := range a.files() {
		err = errors.Join(err, f.finish(!a.opts.NoSync))
	}
	if last && err == nil {
		a.pack()
	}
	a.err = ErrClosed
	return errors.Join(err, a.packer.wait())
}

// marksOnly reports whether there is neither a value nor metadata behind the
// label, without which readers refuse an archive.
func (a *Appender) marksOnly() bool { return !a.values && a.meta.size() <= int64(a.layout.HeaderSize) }

// Last returns the time of the last record; ok is false before the first.
func (a *Appender) Last() (t pcp.Timestamp, ok bool) { return a.stamp, a.started }
