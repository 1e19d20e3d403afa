package archive

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrNoData says that a file which must hold more than its label does not: the
// metadata, the index if there is one, or the first volume. The reference
// refuses such an archive too.
var ErrNoData = errors.New("no data")

// loadHeader reads the archive's label, that of the first volume.
func (r *Reader) loadHeader() error {
	first := r.volumes[0]
	f, frames, err := r.openAt(first, int32(first.Volume), leastBuffer)
	if err != nil {
		return err
	}
	defer f.Close()
	return frames.notEmpty()
}

// checkHeader reads a file's label, which must fit the archive's first. As in
// the reference, a volume's label may name another host or process.
func (r *Reader) checkHeader(frames *frameReader, role Role, volume int32) error {
	frame, err := frames.next()
	if errors.Is(err, io.EOF) || errors.Is(err, pcp.ErrUnfinished) && len(frames.in.buf) < 8 {
		return &pcp.FormatError{File: frame.Pos.File, Kind: pcp.KindHeader, Detail: "empty file", Err: ErrNoData}
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
	case role != RoleData && h.Host != r.header.Host:
		return mismatch("host", h.Host, r.header.Host)
	case role != RoleData && h.PID != r.header.PID:
		return mismatch("PID", h.PID, r.header.PID)
	}
	return nil
}

// notEmpty makes sure that something follows the label that was read.
func (fr *frameReader) notEmpty() error {
	fr.in.discard(fr.skip)
	fr.skip = 0
	if _, err := fr.in.peek(1); errors.Is(err, io.EOF) {
		pos := fr.pos
		pos.Offset += int64(fr.last)
		return &pcp.FormatError{File: pos.File, Kind: pcp.KindNone, Offset: pos.Offset, Detail: "nothing after the label", Err: ErrNoData}
	}
	return nil
}

// loadIndex reads all whole entries after the label. A part of an entry at the
// end is dropped, as the reference does, and so is what damage makes unreadable:
// the index is only a hint.
func (r *Reader) loadIndex() error {
	f, frames, err := r.openAt(*r.index, wire.VolumeIndex, leastBuffer)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := frames.notEmpty(); err != nil {
		return err
	}
	src := f.From(int64(r.layout.HeaderSize))
	if f.Compressed() {
		src = io.LimitReader(src, r.opts.MaxMetadata)
	}
	r.entries, err = readIndex(src, r.layout)
	if err != nil {
		at := r.layout.HeaderSize + len(r.entries)*r.layout.IndexEntrySize()
		err = f.locate(err, int64(at))
		var damage *pcp.FormatError
		if !errors.As(err, &damage) {
			return err
		}
		r.warn(err)
	}
	return nil
}

// loadMeta reads the metadata.
func (r *Reader) loadMeta() error {
	f, frames, err := r.openAt(r.meta, wire.VolumeMeta, readBuffer)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := frames.notEmpty(); err != nil {
		return err
	}
	r.store = meta.NewStore()
	err = r.addMeta(f, frames)
	r.metaSize = frames.pos.Offset
	if err == nil && r.store.Counts()[pcp.KindDesc] == 0 {
		return &pcp.FormatError{File: f.Path, Kind: pcp.KindNone, Offset: r.metaSize, Detail: "no metric is described", Err: ErrNoData}
	}
	return err
}

// addMeta adds metadata to the store. Where the file ends inside a record, which
// the reference refuses, a live writer is ahead of us or was cut off.
func (r *Reader) addMeta(f *File, frames *frameReader) error {
	for {
		frame, err := frames.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, pcp.ErrUnfinished):
			r.warn(err)
			return nil
		case err == nil && f.Compressed() && frame.Pos.Offset > r.opts.MaxMetadata:
			_, err = frames.fail(fmt.Sprintf("metadata exceeds %d bytes", r.opts.MaxMetadata), pcp.ErrLimit)
		}
		if err != nil {
			return err
		}
		rec, err := decodeMeta(frame.Payload, r.layout)
		if err == nil {
			err = add(r.store, rec)
		}
		if err != nil {
			return locate(err, frame.Pos, 4)
		}
	}
}

// add adds a metadata record to a store.
func add(s *meta.Store, rec Record) error {
	switch rec := rec.(type) {
	case *meta.Desc:
		return s.AddDesc(rec)
	case *meta.InDom:
		s.AddInDom(rec)
	case *meta.InDomDelta:
		s.AddDelta(rec)
	case *meta.Labels:
		s.AddLabels(rec)
	case *meta.Text:
		s.AddText(rec)
	}
	return nil
}

// warn adds to what Warnings returns, once.
func (r *Reader) warn(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := err.Error()
	if r.warned[text] {
		return
	}
	if r.warned == nil {
		r.warned = map[string]bool{}
	}
	r.warned[text] = true
	r.warnings = append(r.warnings, err)
}

// Warnings returns what was passed over so far, each a [*pcp.FormatError] that
// tells where: metadata or an index that ends inside a record or, compressed, in
// damage; volumes without a good label, which are met when they are read.
func (r *Reader) Warnings() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.warnings)
}
