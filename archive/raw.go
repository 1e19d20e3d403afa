package archive

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// RecordWriter writes an archive from records as [Reader.Records] yields them,
// for tools that copy and repair. It writes every record in the given order,
// however little sense that makes. Padding, which records do not contain, is
// written as by current PCP releases. A RecordWriter has one owner.
type RecordWriter struct {
	base   string
	layout *wire.Layout
	lock   *outlock.Lock // nil without a lock
	buffer int
	sync   bool
	pack   Compression
	limit  int64 // length of a volume in bytes after which a record fails; zero means the version's limit
	meta   file
	index  file
	data   file
	volume int32 // number of the current data volume; -1 before the first
	err    error

	writing chan error // result of writing a buffer in the background; nil if none is being written
	spare   []byte     // the buffer being written in the background
}

// CreateRecords begins an archive of version v at base. Like [Create] it never
// overwrites. Writing a [Header] creates the file that it names. Of the options
// CreateRecords uses Buffer, NoSync, NoLock, VolumeSize and Compress; it
// compresses all volumes while writing them.
func CreateRecords(base string, v pcp.Version, o *WriteOptions) (*RecordWriter, error) {
	l, ok := wire.For(v)
	if !ok {
		return nil, fmt.Errorf("archive %s: %s: %w", base, v, pcp.ErrVersion)
	}
	w := &RecordWriter{base: base, layout: l, buffer: defaultBuffer, sync: true, volume: -1}
	if o != nil {
		w.buffer, w.sync, w.pack, w.limit = cmp.Or(o.Buffer, defaultBuffer), !o.NoSync, o.Compress, o.VolumeSize
	}
	if err := w.pack.valid(); err != nil {
		return nil, fmt.Errorf("archive %s: %w", base, err)
	}
	var lock WriteOptions
	if o != nil {
		lock = *o
	}
	var err error
	if w.lock, err = lock.lock(base); err != nil {
		return nil, err
	}
	if !lock.NoLock {
		_, err = Vacate(base)
	}
	if err != nil {
		return nil, errors.Join(err, w.lock.Release())
	}
	return w, nil
}

// Write appends a record to the file to which it belongs and returns the
// record's offset in that file. A [Header] begins the file that its Volume
// names; Write stores it in the version of the writer. Results and
// marks go into the volume begun last.
//
// Write rejects a record that the version cannot store, with an error that
// wraps [pcp.ErrRange], [pcp.ErrLimit] or [pcp.ErrTag], and a record whose file
// has no header. Other records may follow.
func (w *RecordWriter) Write(r Record) (offset int64, err error) {
	if w.err != nil {
		return 0, w.err
	}
	switch r := r.(type) {
	case *Header:
		return 0, w.begin(r)
	case *IndexEntry:
		return w.indexEntry(r)
	case *Mark:
		return w.result(&Result{Stamp: r.Stamp})
	case *Result:
		return w.result(r)
	}
	if !begun(&w.meta) {
		return 0, errNoHeader(r)
	}
	if w.layout.Tags[r.Kind()] == 0 {
		return 0, fmt.Errorf("%s in a %s archive: %w", r.Kind(), w.layout.Version, pcp.ErrTag)
	}
	if t := metaStamp(r); t != nil && !w.layout.Fits(*t) {
		return 0, fmt.Errorf("%s at %s in a %s archive: %w", r.Kind(), t, w.layout.Version, pcp.ErrRange)
	}
	offset = w.meta.size()
	buf := appendMeta(w.meta.buf, w.layout, r)
	if n := len(buf) - len(w.meta.buf); offset+int64(n) > w.layout.MaxFile || n > math.MaxInt32 {
		return 0, fmt.Errorf("%s.meta: beyond %d bytes: %w", w.base, w.layout.MaxFile, pcp.ErrLimit)
	}
	w.meta.buf = buf
	return offset, w.drain(&w.meta)
}

// metaStamp returns the time from which a metadata record is in force, nil if it has no time.
func metaStamp(r Record) *pcp.Timestamp {
	switch r := r.(type) {
	case *meta.InDom:
		return &r.Stamp
	case *meta.InDomDelta:
		return &r.Stamp
	case *meta.Labels:
		return &r.Stamp
	}
	return nil
}

func begun(f *file) bool { return f.f != nil }

func errNoHeader(r Record) error { return fmt.Errorf("%s before its file's header", r.Kind()) }

// result appends a result to the data volume. It rejects a stamp only if the
// version cannot store it.
func (w *RecordWriter) result(r *Result) (offset int64, err error) {
	if !begun(&w.data) {
		return 0, errNoHeader(r)
	}
	size, err := r.check(w.layout)
	if err == nil && !w.layout.Fits(r.Stamp) {
		err = fmt.Errorf("time in a %s archive: %w", w.layout.Version, pcp.ErrRange)
	}
	if err != nil {
		return 0, fmt.Errorf("record at %s: %w", r.Stamp, err)
	}
	offset = w.data.size()
	limit := w.layout.MaxFile
	if w.limit > 0 && offset > int64(w.layout.HeaderSize) {
		limit = min(limit, w.limit)
	}
	if offset+size > limit {
		return 0, fmt.Errorf("%s: beyond %d bytes: %w", w.data.f.Name(), limit, pcp.ErrLimit)
	}
	w.data.buf = appendResult(w.data.buf, w.layout, r)
	return offset, w.drain(&w.data)
}

func (w *RecordWriter) indexEntry(e *IndexEntry) (offset int64, err error) {
	switch limit := w.layout.MaxFile; {
	case !begun(&w.index):
		return 0, errNoHeader(e)
	case !w.layout.Fits(e.Stamp) || e.Meta > limit || e.Data > limit:
		return 0, fmt.Errorf("index entry at %s: %w", e.Stamp, pcp.ErrRange)
	}
	offset = w.index.size()
	w.index.buf = appendIndexEntry(w.index.buf, w.layout, *e)
	return offset, w.drain(&w.index)
}

// begin creates a file and writes its header.
func (w *RecordWriter) begin(h *Header) error {
	if err := h.fits(w.layout); err != nil {
		return err
	}
	if !w.layout.Fits(h.Start) {
		return fmt.Errorf("start %s in a %s archive: %w", h.Start, w.layout.Version, pcp.ErrRange)
	}
	f, suffix := &w.data, strconv.Itoa(int(h.Volume))
	switch {
	case h.Volume == wire.VolumeMeta:
		f, suffix = &w.meta, "meta"
	case h.Volume == wire.VolumeIndex:
		f, suffix = &w.index, "index"
	case h.Volume <= w.volume:
		return fmt.Errorf("volume %d after %d: %w", h.Volume, w.volume, pcp.ErrRange)
	default:
		if err := w.finish(f); err != nil {
			return w.fail(err)
		}
		w.volume = h.Volume
	}
	if begun(f) {
		return fmt.Errorf("second header of %s", f.f.Name())
	}
	opened, err := w.create(w.base+"."+suffix, h.Volume)
	if err != nil {
		return w.fail(err)
	}
	*f = file{f: opened, buf: appendHeader(f.buf[:0], w.layout, h, h.Volume)}
	return nil
}

// create creates a file, for a volume in the requested form.
func (w *RecordWriter) create(name string, volume int32) (disk, error) {
	if volume < 0 || w.pack == CompressNone {
		return createFile(name)
	}
	f, err := createFile(name + w.pack.Suffix())
	if err != nil {
		return nil, err
	}
	return packInto(f, w.pack)
}

// drain writes a full buffer in the background while the next one is filled.
func (w *RecordWriter) drain(f *file) error {
	if len(f.buf) < w.buffer {
		return nil
	}
	if err := w.settle(); err != nil {
		return w.fail(err)
	}
	full, offset, to, done := f.buf, f.written, f.f, make(chan error, 1)
	f.buf, w.spare = w.spare[:0], full
	f.written += int64(len(full))
	w.writing = done
	go func() {
		done <- defect.Guard(func() error {
			_, err := to.WriteAt(full, offset)
			return err
		})
	}()
	return nil
}

// settle waits for the buffer being written.
func (w *RecordWriter) settle() error {
	if w.writing == nil {
		return nil
	}
	err := <-w.writing
	w.writing = nil
	return err
}

// finish completes a file.
func (w *RecordWriter) finish(f *file) error {
	err := w.settle()
	if !begun(f) {
		return err
	}
	err = errors.Join(err, f.flush(), f.finish(w.sync))
	f.f = nil
	return err
}

func (w *RecordWriter) fail(err error) error {
	w.err = err
	return err
}

// Size returns the number of bytes written and buffered of the file with the
// given role, before compression. For data it is the size of the volume begun
// last.
func (w *RecordWriter) Size(role Role) int64 {
	switch role {
	case RoleMeta:
		return w.meta.size()
	case RoleIndex:
		return w.index.size()
	}
	return w.data.size()
}

// Close writes the buffers, syncs and closes the files. After an error it
// removes nothing: the caller decides what to do with an incomplete archive.
func (w *RecordWriter) Close() error {
	if errors.Is(w.err, ErrClosed) {
		return nil
	}
	err := w.err
	for _, f := range []*file{&w.meta, &w.data, &w.index} {
		err = errors.Join(err, w.finish(f))
	}
	w.err = ErrClosed
	return errors.Join(err, w.lock.Release())
}
