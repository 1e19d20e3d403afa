package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Errors of an Appender; test with errors.Is.
var (
	// ErrOrder: a record is earlier than the one before it.
	ErrOrder = errors.New("earlier than the last record")
	// ErrClosed: the Appender is closed.
	ErrClosed = errors.New("archive is closed")
)

// Appender writes an archive. Pass the metadata that a record needs before the
// record; it takes effect together with the record. An Appender has one owner.
//
// A call that rejects its input ([ErrOrder], [pcp.ErrMismatch], [pcp.ErrRange],
// [pcp.ErrLimit]) writes nothing, and other calls may follow. After a write
// error every call but Close fails.
//
// Metadata reaches the disk before the values that need it, and values before
// the index entry that points to them. A crash therefore leaves a readable
// archive whose last record may be incomplete.
type Appender struct {
	base   string
	open   func(name string) (disk, error)
	header Header
	layout *wire.Layout
	opts   WriteOptions
	lock   *outlock.Lock // nil without a lock
	meta   file
	data   file
	index  file
	known  inForce
	volume volume
	packer packer

	started    bool // the labels are written
	stamp      pcp.Timestamp
	metaStart  int64 // offset at which the metadata of the current record begins
	newInDom   bool  // an instance domain was written since the last record
	indexedAt  int64 // data offset of the last index entry
	indexStamp pcp.Timestamp
	entries    int
	lastStart  int64 // data offset of the last record
	gap        bool  // the last record comes from Continue and is not a mark
	values     bool  // some record may not be a mark
	found      *meta.Store
	began      int64 // plainSize at the start of this Appender
	recovered  []Recovery
	err        error
}

// Create begins an archive at base. The version comes from o, start and volume
// from the first record, and the rest of the label from h; a label without a
// time zone gets this host's. A nil o means defaults.
//
// Create never overwrites. If a file of an archive with that name exists in any
// form, the error wraps [io/fs.ErrExist]; Create removes only files of a writer
// that was killed before its first record, see [Vacate]. While another Appender
// writes the archive, the error is an [*InUseError].
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
	layout, ok := layoutFor(a.opts.Version)
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
		if a.opts.OnFlush {
			a.later(m.to, base+m.suffix)
			continue
		}
		f, err := open(base + m.suffix)
		if err != nil {
			a.discard()
			return nil, errors.Join(err, a.lock.Release())
		}
		m.to.f = f
	}
	return a, nil
}

// claim locks the archive and checks that it does not exist.
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
	if err != nil {
		return err
	}
	return a.free(0)
}

// setUp completes the options and the fields that depend on them.
func (a *Appender) setUp() error {
	a.opts.Buffer = cmp.Or(a.opts.Buffer, defaultBuffer)
	a.opts.Context = cmp.Or(a.opts.Context, context.Background())
	a.packer = packer{base: a.base, files: a.opts.Files, how: a.opts.Compress, sync: !a.opts.NoSync, open: a.open, ctx: a.opts.Context, queues: a.opts.OnFlush}
	return a.opts.Compress.valid()
}

// files lists the files in the order in which they must reach the disk. The metadata of
// an archive that has no files yet comes last, because it makes the rest an archive.
func (a *Appender) files() [3]*file {
	if a.meta.f == nil {
		return [3]*file{&a.data, &a.index, &a.meta}
	}
	return [3]*file{&a.meta, &a.data, &a.index}
}

// Version returns the version being written.
func (a *Appender) Version() pcp.Version { return a.layout.Version }

// Size returns the number of bytes written and buffered in all files, as stored
// on disk.
func (a *Appender) Size() int64 { return a.plainSize() - a.packer.saved.Load() }

// plainSize returns the size of all files as if this Appender had compressed
// none of its volumes.
func (a *Appender) plainSize() int64 {
	return a.meta.size() + a.volume.before + a.data.size() + a.index.size()
}

// Written returns the number of bytes that this Appender added, before
// compression. share is the ratio of compressed to plain size in the volumes
// compressed so far, or 1.
func (a *Appender) Written() (bytes int64, share float64) {
	return a.plainSize() - a.began, a.packer.share()
}

// Append writes a result. If its stamp is earlier than that of the last record,
// Append writes nothing and returns [ErrOrder].
func (a *Appender) Append(r *Result) error {
	if err := a.stopped(); err != nil {
		return err
	}
	if a.started && r.Stamp.Before(a.stamp) {
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
			return a.failed(err)
		}
	}
	a.stamp, a.lastStart = r.Stamp, a.data.size()
	a.gap, a.found = false, nil
	a.values = a.values || len(r.Sets) > 0
	if a.volume.records == 0 || a.newInDom || a.lastStart-a.indexedAt > indexEvery {
		a.putIndex(a.metaStart)
	}
	a.volume.add(r.Stamp)
	if a.opts.OnFlush {
		a.data.borrow()
	}
	a.data.buf = appendResult(slices.Grow(a.data.buf, int(size)), a.layout, r)
	a.newInDom, a.metaStart = false, a.meta.size()
	if len(a.data.buf) >= a.opts.Buffer && !a.opts.OnFlush {
		return a.Flush()
	}
	return nil
}

// Mark writes a mark, which says that recording stopped.
func (a *Appender) Mark(t pcp.Timestamp) error { return a.Append(&Result{Stamp: t}) }

// start writes the labels once the time of the first record is known. Metadata
// passed earlier waits in its buffer and moves behind its label.
func (a *Appender) start(t pcp.Timestamp) {
	a.started = true
	a.header.Start = t
	a.meta.prepend(appendHeader(nil, a.layout, &a.header, wire.VolumeMeta))
	a.index.buf = appendHeader(a.index.buf, a.layout, &a.header, wire.VolumeIndex)
	a.data.buf = appendHeader(a.data.buf, a.layout, &a.header, a.volume.number)
	a.metaStart = int64(a.layout.HeaderSize)
}

// putIndex adds an index entry for the last record, unless the previous entry
// has the same time.
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

// tooLong returns the error for a record that would exceed the maximum length
// of a file.
func (a *Appender) tooLong(suffix string) error {
	return fmt.Errorf("%s: a file of %s may have %d bytes: %w", a.base+suffix, a.layout.Version, a.layout.MaxFile, pcp.ErrLimit)
}

// Flush writes the buffers in this order: metadata, values, index.
func (a *Appender) Flush() error {
	if a.err != nil || !a.started {
		return a.err
	}
	for _, f := range a.files() {
		if err := f.flush(); err != nil {
			return a.failed(err)
		}
		if a.opts.OnFlush {
			f.lend()
		}
	}
	return nil
}

// failed records an error of writing, unless it is a full disk that may have room again.
func (a *Appender) failed(err error) error {
	if a.opts.OnFlush && IsFull(err) {
		return err
	}
	return a.fail(err)
}

// stopped returns the error that ended a, or that of the context.
func (a *Appender) stopped() error {
	if a.err != nil {
		return a.err
	}
	return a.opts.Context.Err()
}

// fail records err, which every further call returns.
func (a *Appender) fail(err error) error {
	a.err = err
	return err
}

// Last returns the time of the last record. ok is false before the first
// record.
func (a *Appender) Last() (t pcp.Timestamp, ok bool) { return a.stamp, a.started }

// layoutFor returns the layout of a version; zero means version 3.
func layoutFor(v pcp.Version) (*wire.Layout, bool) { return wire.For(cmp.Or(v, pcp.V3)) }
