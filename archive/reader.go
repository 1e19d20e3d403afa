package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Reader reads an archive. It keeps no file open between calls. It may be used
// from several goroutines; a sequence that it returns belongs to one goroutine.
type Reader struct {
	opts    ReadOptions
	base    string
	meta    Member
	index   *Member
	volumes []Member
	header  *Header
	first   *pcp.Timestamp // time of the first record; nil if it is unknown
	opened  bool           // header does not change any more
	layout  *wire.Layout
	store   *meta.Store
	entries []IndexEntry // entries as stored
	hints   []IndexEntry // the same as entries, or nil if they are not trustworthy

	metaSize int64 // bytes of metadata read
	timeless int64 // bytes of descriptors and texts among them, if others may share these; else 0

	target atomic.Pointer[targetOfClusters] // as last worked out

	notes *notes // damage found so far
	skims *skims
}

// Open opens an archive and reads its metadata and index. path is its base or
// any of its files. A nil o means defaults.
//
// Damage costs only the damaged parts: an unusable index, metadata records, a
// label, parts of volumes. Warnings lists it. Open fails, with a
// [*pcp.FormatError] that holds the position, if no metric or no record can be
// read or the metadata belongs to another archive. With [ReadOptions].Strict it
// rejects every archive that PCP rejects. Open does not look at volumes after
// the first.
func Open(path string, o *ReadOptions) (*Reader, error) { return open(path, o.withDefaults()) }

func open(path string, o ReadOptions) (*Reader, error) {
	r, err := newReader(path, o)
	if err != nil {
		return nil, err
	}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

// load reads the label, the index and the metadata. PCP checks the files in this
// order.
func (r *Reader) load() error {
	if err := r.loadHeader(); err != nil {
		return err
	}
	if r.index != nil {
		if err := r.loadIndex(); err != nil {
			return err
		}
	}
	err := r.loadMeta()
	r.opened = true
	return err
}

// newReader finds the files of an archive.
func newReader(path string, o ReadOptions) (*Reader, error) {
	list := membersOf
	if o.Listing != nil {
		list = o.Listing.membersOf
	}
	base, members, err := membersIn(path, list)
	if err != nil {
		return nil, err
	}
	return readerOf(path, base, members, o)
}

// readerOf returns a Reader of the files of an archive, which are in the order that
// arrange gives them.
func readerOf(path, base string, members []Member, o ReadOptions) (*Reader, error) {
	r := &Reader{base: base, opts: o, notes: &notes{}, skims: &skims{}}
	for _, m := range members {
		switch m.Role {
		case RoleMeta:
			r.meta = m
		case RoleIndex:
			r.index = &m
		case RoleData:
			r.volumes = append(r.volumes, m)
		}
	}
	if r.meta.Path == "" {
		return nil, fmt.Errorf("archive %s: %s.meta is missing: %w", path, filepath.Base(base), fs.ErrNotExist)
	}
	if len(r.volumes) == 0 {
		return nil, fmt.Errorf("archive %s: it has no data volume: %w", path, fs.ErrNotExist)
	}
	return r, nil
}

// Base returns the archive's path without a member's suffix.
func (r *Reader) Base() string { return r.base }

// Header returns the label of the archive's first volume.
func (r *Reader) Header() *Header { return r.header }

// Meta returns the archive's metadata. It is shared and must not be changed.
func (r *Reader) Meta() *meta.Store { return r.store }

// Index returns the temporal index as stored, nil if none can be read. It is
// shared and must not be changed.
func (r *Reader) Index() []IndexEntry { return r.entries }

// Hints returns the temporal index if it is trustworthy. It returns nil if the
// index is absent or contains entries that no writer stores, which Warnings
// lists. The index is shared and must not be changed.
func (r *Reader) Hints() []IndexEntry { return r.hints }

// Members returns the archive's files: metadata, index if there is one,
// volumes.
func (r *Reader) Members() []Member {
	m := []Member{r.meta}
	if r.index != nil {
		m = append(m, *r.index)
	}
	return append(m, r.volumes...)
}

// Sequential reports whether a volume is compressed in a form that gives no access to its
// end without decompressing all of it.
func (r *Reader) Sequential() bool {
	for _, m := range r.volumes {
		if m.Compress == "" {
			continue
		}
		f, err := r.open(m)
		if err != nil {
			continue // reading the volume reports it
		}
		seekable := f.d.Seekable()
		_ = f.Close() // it was only looked at
		if !seekable {
			return true
		}
	}
	return false
}

// Location returns the time zone in which the archive was recorded, or UTC if
// this system does not know the zone in the label.
func (r *Reader) Location() *time.Location { return zone(r.header.ZoneInfo, r.header.Zone) }

// Located is a record and its position.
type Located struct {
	Pos    Pos
	Size   int64 // stored length in bytes, including both length words
	Record Record
}

// Records yields the records of one role as stored, except the labels: those of
// the metadata file, of all data volumes or of the index. Each *Result is valid
// until the next pair; its values share memory with the file's buffer and must
// not be changed. A part that cannot be read is yielded as a [*Damage], after
// which the sequence continues. Any other error ends it.
func (r *Reader) Records(role Role) iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) {
		if role == RoleMeta {
			yieldError(r.metaRecords(yield, func(s *frameSource) error {
				return yieldRecords(s, yield, func(p []byte) (Record, error) { return decodeMeta(p, r.layout) })
			}), yield)
			return
		}
		if role == RoleIndex {
			r.indexRecords(yield)
			return
		}
		rd := resultDecoder{layout: r.layout}
		for _, m := range r.volumes {
			if err := r.dataRecords(m, &rd, yield); err != nil {
				yieldError(err, yield)
				return
			}
		}
	}
}

// RecordsFrom yields the records of the data volumes as Records does, for copies: a record
// whose time is damaged is yielded as a [*Damage], as [Reader.Steps] reports it. It uses
// the index to begin shortly before t, with an earlier record if there is one. Without a
// good index it begins at the start of a volume.
func (r *Reader) RecordsFrom(t pcp.Timestamp) iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) { yieldError(r.recordsFrom(t, yield), yield) }
}

// metaRecords calls read for the records of the metadata file, and yields damage.
func (r *Reader) metaRecords(yield func(Located, error) bool, read func(s *frameSource) error) error {
	f, err := r.open(r.meta)
	if err != nil {
		return err
	}
	defer f.Close()
	s := r.metaSource(f, readBuffer, yieldDamage(r, r.meta, yield))
	if err := s.beginMeta(r); err != nil {
		return err
	}
	return read(s)
}

func (r *Reader) dataRecords(m Member, rd *resultDecoder, yield func(Located, error) bool) error {
	s, err := r.volumeFrom(m, 0, yieldDamage(r, m, yield))
	if err != nil || s == nil {
		return err
	}
	defer s.f.Close()
	return yieldRecords(s, yield, func(p []byte) (Record, error) { return dataRecord(rd.decode(p)) })
}

// yieldDamage returns a function that yields damage in place of records.
func yieldDamage(r *Reader, m Member, yield func(Located, error) bool) func(*Damage) error {
	return func(d *Damage) error {
		r.warn(d)
		if !yield(Located{Pos: Pos{File: d.File, Role: m.Role, Volume: m.Volume, Offset: d.Offset}}, d) {
			return errStop
		}
		return nil
	}
}

func (r *Reader) indexRecords(yield func(Located, error) bool) {
	for i := range r.entries {
		pos := Pos{File: r.index.Path, Role: RoleIndex, Offset: int64(r.layout.HeaderSize + i*r.layout.IndexEntrySize())}
		if !yield(Located{Pos: pos, Size: int64(r.layout.IndexEntrySize()), Record: &r.entries[i]}, nil) {
			return
		}
	}
}

// errStop: the consumer of a sequence wants no more.
var errStop = errors.New("stop")

func yieldRecords(s *frameSource, yield func(Located, error) bool, decode func([]byte) (Record, error)) error {
	for {
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		rec, err := decode(frame.Payload)
		if err != nil {
			if err = s.refuse(frame, locate(err, frame.Pos, 4)); err != nil {
				return err
			}
			continue
		}
		if !yield(Located{Pos: frame.Pos, Size: int64(len(frame.Payload)) + 8, Record: rec}, nil) {
			return errStop
		}
	}
}

func yieldError(err error, yield func(Located, error) bool) {
	if err != nil && !errors.Is(err, errStop) {
		yield(Located{}, err)
	}
}

// dataRecord returns res as a Result or a Mark.
func dataRecord(res *Result, err error) (Record, error) {
	switch {
	case err != nil:
		return nil, err
	case res.IsMark():
		return &Mark{Stamp: res.Stamp}, nil
	}
	return res, nil
}
