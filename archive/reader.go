package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ReadOptions change how an archive is read. The zero value is the default.
type ReadOptions struct {
	// MaxRecord is the longest record accepted, in bytes; 0: DefaultMaxRecord.
	MaxRecord int
}

// Reader reads an archive. It holds no open file between calls and may be used
// from several goroutines; each sequence it returns belongs to one.
type Reader struct {
	opts    ReadOptions
	base    string
	meta    Member
	index   *Member
	volumes []Member
	header  *Header
	layout  *wire.Layout
	store   *meta.Store
	entries []IndexEntry
}

// Open opens the archive named by its base or by any of its files and reads its
// metadata and index. A nil o means defaults.
func Open(path string, o *ReadOptions) (*Reader, error) {
	base, members, err := Members(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{base: base}
	if o != nil {
		r.opts = *o
	}
	for _, m := range members {
		switch m.Role {
		case RoleMeta:
			r.meta = m
		case RoleIndex:
			r.index = &m
		case RoleData:
			r.volumes = append(r.volumes, m)
		}
		if m.Compress != "" {
			return nil, fmt.Errorf("%s: %w", m.Path, ErrCompressed)
		}
	}
	if r.meta.Path == "" {
		return nil, fmt.Errorf("archive %s: %s.meta is missing: %w", path, filepath.Base(base), fs.ErrNotExist)
	}
	if len(r.volumes) == 0 {
		return nil, fmt.Errorf("archive %s: it has no data volume: %w", path, fs.ErrNotExist)
	}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

// load reads the labels, the metadata and the index.
func (r *Reader) load() error {
	err := r.scan(r.volumes[0], int32(r.volumes[0].Volume), func(*frameReader) error { return nil })
	if err != nil {
		return err
	}
	r.store = meta.NewStore()
	if err := r.scan(r.meta, wire.VolumeMeta, r.loadMeta); err != nil {
		return err
	}
	if r.index == nil {
		return nil
	}
	f, _, err := r.open(*r.index, wire.VolumeIndex)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(int64(r.layout.HeaderSize), io.SeekStart); err != nil {
		return err
	}
	r.entries, err = readIndex(f, r.index.Path, r.layout)
	return err
}

// scan opens a file, checks its label and hands its further frames to visit.
func (r *Reader) scan(m Member, volume int32, visit func(*frameReader) error) error {
	f, frames, err := r.open(m, volume)
	if err != nil {
		return err
	}
	defer f.Close()
	return visit(frames)
}

// open opens a file and checks its label, which must fit the archive's first.
func (r *Reader) open(m Member, volume int32) (*os.File, *frameReader, error) {
	f, err := os.Open(m.Path)
	if err != nil {
		return nil, nil, err
	}
	frames := newFrameReader(f, Pos{File: m.Path, Role: m.Role, Volume: m.Volume}, m.Size, r.opts.MaxRecord)
	if err := r.checkHeader(frames, volume); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, frames, nil
}

func (r *Reader) checkHeader(frames *frameReader, volume int32) error {
	frame, err := frames.next()
	if errors.Is(err, io.EOF) {
		return &pcp.FormatError{File: frame.Pos.File, Kind: pcp.KindHeader, Detail: "empty file", Err: pcp.ErrNotArchive}
	}
	if err != nil {
		return err
	}
	h, l, err := decodeHeader(frame.Payload)
	if err != nil {
		return locate(err, frame.Pos, 4)
	}
	if r.header == nil {
		r.header, r.layout = h, l
	}
	mismatch := func(field string, have, want any) error {
		return &pcp.FormatError{
			File: frame.Pos.File, Kind: pcp.KindHeader, Field: field,
			Detail: fmt.Sprintf("%v instead of %v", have, want), Err: pcp.ErrMismatch,
		}
	}
	switch {
	case h.Volume != volume:
		return mismatch("volume", h.Volume, volume)
	case h.Version != r.header.Version:
		return mismatch("version", h.Version, r.header.Version)
	case h.Host != r.header.Host:
		return mismatch("host", h.Host, r.header.Host)
	}
	return nil
}

func (r *Reader) loadMeta(frames *frameReader) error {
	for {
		frame, err := frames.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, pcp.ErrUnfinished) {
			return nil // a live writer is ahead of us, or was cut off
		}
		if err != nil {
			return err
		}
		rec, err := decodeMeta(frame.Payload, r.layout)
		if err == nil {
			err = r.add(rec)
		}
		if err != nil {
			return locate(err, frame.Pos, 4)
		}
	}
}

func (r *Reader) add(rec Record) error {
	switch rec := rec.(type) {
	case *meta.Desc:
		return r.store.AddDesc(rec)
	case *meta.InDom:
		r.store.AddInDom(rec)
	case *meta.InDomDelta:
		r.store.AddDelta(rec)
	case *meta.Labels:
		r.store.AddLabels(rec)
	case *meta.Text:
		r.store.AddText(rec)
	}
	return nil
}

// Base returns the archive's path without a member's suffix.
func (r *Reader) Base() string { return r.base }

// Header returns the archive's label, that of its first volume.
func (r *Reader) Header() *Header { return r.header }

// Meta returns the archive's metadata. It is shared and must not be changed.
func (r *Reader) Meta() *meta.Store { return r.store }

// Index returns the temporal index, nil if the archive has none. It is shared.
func (r *Reader) Index() []IndexEntry { return r.entries }

// Members returns the archive's files: metadata, index if there is one, volumes.
func (r *Reader) Members() []Member {
	m := []Member{r.meta}
	if r.index != nil {
		m = append(m, *r.index)
	}
	return append(m, r.volumes...)
}

// Location returns the time zone in which the archive was recorded, UTC if its
// label names none that this system knows.
func (r *Reader) Location() *time.Location { return zone(r.header.ZoneInfo, r.header.Zone) }

// Located is a record and where it is stored.
type Located struct {
	Pos    Pos
	Record Record
}

// Records yields the records of the metadata file, of the data volumes or of the
// index as they are stored, labels excepted. A *Result is reused for the next pair and
// borrows its values. A failure is yielded once and ends the sequence.
func (r *Reader) Records(role Role) iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) {
		if role == RoleMeta {
			err := r.scan(r.meta, wire.VolumeMeta, func(frames *frameReader) error {
				return yieldRecords(frames, yield, func(p []byte) (Record, error) { return decodeMeta(p, r.layout) })
			})
			yieldError(err, yield)
			return
		}
		if role == RoleIndex {
			r.indexRecords(yield)
			return
		}
		rd := resultDecoder{layout: r.layout}
		for _, m := range r.volumes {
			err := r.scan(m, int32(m.Volume), func(frames *frameReader) error {
				return yieldRecords(frames, yield, func(p []byte) (Record, error) { return dataRecord(rd.decode(p)) })
			})
			if err != nil {
				yieldError(err, yield)
				return
			}
		}
	}
}

func (r *Reader) indexRecords(yield func(Located, error) bool) {
	for i := range r.entries {
		pos := Pos{File: r.index.Path, Role: RoleIndex, Offset: int64(r.layout.HeaderSize + i*r.layout.IndexEntrySize())}
		if !yield(Located{Pos: pos, Record: &r.entries[i]}, nil) {
			return
		}
	}
}

// errStop says that the consumer of a sequence wants no more.
var errStop = errors.New("stop")

func yieldRecords(frames *frameReader, yield func(Located, error) bool, decode func([]byte) (Record, error)) error {
	for {
		frame, err := frames.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		rec, err := decode(frame.Payload)
		if err != nil {
			return locate(err, frame.Pos, 4)
		}
		if !yield(Located{Pos: frame.Pos, Record: rec}, nil) {
			return errStop
		}
	}
}

func yieldError(err error, yield func(Located, error) bool) {
	if err != nil && !errors.Is(err, errStop) {
		yield(Located{}, err)
	}
}

// dataRecord tells marks from results.
func dataRecord(res *Result, err error) (Record, error) {
	switch {
	case err != nil:
		return nil, err
	case res.IsMark():
		return &Mark{Stamp: res.Stamp}, nil
	}
	return res, nil
}
