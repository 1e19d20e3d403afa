package archive

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrNoData: the metadata, the index or the first volume contains nothing after
// its label. PCP rejects such an archive, too.
var ErrNoData = errors.New("no data")

// loadHeader reads the archive's label from the first volume. If that label is
// damaged and records exist, it takes the label of another file.
func (r *Reader) loadHeader() error {
	first := r.volumes[0]
	f, frames, err := r.openAt(first, int32(first.Volume), leastBuffer)
	if err == nil {
		err = frames.notEmpty()
		f.Close()
	}
	if err == nil || r.opts.Strict || !isDamage(err) {
		return err
	}
	if r.header == nil || otherField(err) == "volume" {
		r.header, r.layout = nil, nil
		r.borrowHeader()
	}
	if r.header == nil || !r.holdsRecords() {
		return err
	}
	if errors.Is(err, ErrNoData) {
		r.warn(&Damage{File: first.Path, Next: -1, Err: err, Unused: true})
	}
	return nil
}

// borrowHeader takes the first good label of the files after the first volume.
func (r *Reader) borrowHeader() {
	for _, m := range r.Members() {
		volume := int32(m.Volume)
		switch m.Role {
		case RoleMeta:
			volume = wire.VolumeMeta
		case RoleIndex:
			volume = wire.VolumeIndex
		}
		f, _, err := r.openAt(m, volume, leastBuffer)
		if err == nil {
			f.Close()
			h := *r.header
			h.Volume = int32(r.volumes[0].Volume)
			r.header = &h
			return
		}
		r.header, r.layout = nil, nil
	}
}

// holdsRecords reports whether any data record can be read.
func (r *Reader) holdsRecords() bool {
	for _, m := range r.volumes {
		s, err := r.volumeIn(m, 0, leastBuffer, r.noted)
		if err != nil || s == nil {
			continue
		}
		_, err = s.next()
		s.f.Close()
		if err == nil {
			return true
		}
	}
	return false
}

// checkHeader reads a file's label and compares it with that of the archive. As
// in PCP, the label of a volume may name another host or process.
func (r *Reader) checkHeader(frames *frameReader, role Role, volume int32) error {
	frame, err := frames.next()
	file := frame.Pos.File
	if errors.Is(err, io.EOF) || errors.Is(err, pcp.ErrUnfinished) && len(frames.in.buf) < 8 {
		return emptyFile(file)
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
	switch {
	case h.Volume != volume:
		return mismatch(file, "volume", h.Volume, volume)
	case h.Version != r.header.Version:
		return mismatch(file, "version", h.Version, r.header.Version)
	case role != RoleData && h.Host != r.header.Host:
		return mismatch(file, "host", h.Host, r.header.Host)
	case role != RoleData && h.PID != r.header.PID:
		return mismatch(file, "PID", h.PID, r.header.PID)
	}
	return nil
}

// peekLabel returns the payload of the label read last.
func (fr *frameReader) peekLabel() []byte {
	raw, _ := fr.in.peek(fr.last)
	if len(raw) < 8 {
		return nil
	}
	return raw[4 : len(raw)-4]
}

// notEmpty returns an error if nothing follows the label that was read.
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

// loadIndex reads the index. The index is only a hint: loadIndex reports an
// unusable one as a warning and ignores it.
func (r *Reader) loadIndex() (err error) {
	r.entries, err = r.readIndex()
	r.hints = r.entries
	if err == nil && !r.opts.Strict { // PCP does not check this
		if err = r.misleading(r.entries); err != nil {
			r.hints = nil
		}
	}
	if err == nil || r.opts.Strict || !isDamage(err) {
		return err
	}
	r.warn(&Damage{File: r.index.Path, Bytes: -1, Next: -1, Err: err, Unused: true})
	return nil
}

// readIndex reads the whole entries of the index. Like PCP it drops a partial
// entry at the end. It also drops everything after damage in compressed data,
// and adds a warning.
func (r *Reader) readIndex() ([]IndexEntry, error) {
	f, frames, err := r.openAt(*r.index, wire.VolumeIndex, leastBuffer)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, _, err := decodeHeader(frames.peekLabel())
	if err != nil {
		return nil, err
	}
	if err := frames.notEmpty(); err != nil {
		return nil, err
	}
	src := f.From(int64(r.layout.HeaderSize))
	if f.Compressed() {
		src = io.LimitReader(src, r.opts.MaxMetadata)
	}
	entries, err := readIndex(src, r.layout)
	if err != nil {
		at := r.layout.HeaderSize + len(entries)*r.layout.IndexEntrySize()
		if err = f.locate(err, int64(at)); !isDamage(err) {
			return nil, err
		}
		r.warn(&Damage{File: f.Path, Offset: int64(at), Bytes: -1, Next: -1, Err: err})
	}
	if len(entries) > 0 && h.Start != r.header.Start && entries[0].Stamp.Sub(r.header.Start).Abs() > time.Second {
		return nil, mismatch(f.Path, "start", h.Start, r.header.Start)
	}
	return entries, nil
}

// misleading returns an error for index entries that no writer stores.
func (r *Reader) misleading(entries []IndexEntry) error {
	size := int64(r.layout.IndexEntrySize())
	for i, e := range entries {
		what := ""
		switch {
		case !possible(e.Stamp):
			what = "time " + e.Stamp.String()
		case e.Volume < 0:
			what = fmt.Sprintf("volume %d", e.Volume)
		case e.Data < int64(r.layout.HeaderSize) || e.Meta < int64(r.layout.HeaderSize):
			what = fmt.Sprintf("offsets %d and %d", e.Meta, e.Data)
		case i > 0 && entries[i-1].Stamp.Sub(e.Stamp) > time.Second: // tolerate a clock set back by a little
			what = fmt.Sprintf("time %s after %s", e.Stamp, entries[i-1].Stamp)
		case i > 0 && e.Volume < entries[i-1].Volume:
			what = fmt.Sprintf("volume %d after %d", e.Volume, entries[i-1].Volume)
		case i > 0 && e.Volume == entries[i-1].Volume && e.Data < entries[i-1].Data:
			what = fmt.Sprintf("data offset %d after %d", e.Data, entries[i-1].Data)
		}
		if what != "" {
			return &pcp.FormatError{
				File: r.index.Path, Kind: pcp.KindIndex, Offset: int64(r.layout.HeaderSize) + int64(i)*size,
				Detail: what, Err: pcp.ErrRange,
			}
		}
	}
	return nil
}

// loadMeta reads the metadata. It fails if no metric can be read.
func (r *Reader) loadMeta() error {
	f, err := r.open(r.meta)
	if err != nil {
		return err
	}
	defer f.Close()
	r.store = meta.NewStore()
	var first, last *Damage
	s := r.metaSource(f, readBuffer, func(d *Damage) error {
		if last = d; first == nil {
			first = d
		}
		return r.noted(d)
	})
	if err := s.beginMeta(r); err != nil {
		return err
	}
	err = r.addMeta(s)
	r.metaSize = s.frames.pos.Offset
	if last != nil && last.Next < 0 {
		r.metaSize = last.Offset // offset at which more may be written
	}
	if err == nil && r.store.Counts()[pcp.KindDesc] == 0 {
		if first != nil && !errors.Is(first.Err, pcp.ErrUnfinished) {
			return first.Err
		}
		return &pcp.FormatError{File: f.Path, Kind: pcp.KindNone, Offset: r.metaSize, Detail: "no metric is described", Err: ErrNoData}
	}
	return err
}

// metaSource returns the records of the metadata file.
func (r *Reader) metaSource(f *File, buffer int64, lost func(*Damage) error) *frameSource {
	return &frameSource{
		f: f, frames: f.frames(0, buffer), strict: r.opts.Strict, lost: lost,
		valid: func(payload []byte) bool {
			_, err := decodeMeta(payload, r.layout)
			return err == nil
		},
	}
}

// beginMeta reads the label of the metadata file. It rejects the metadata of
// another archive.
func (s *frameSource) beginMeta(r *Reader) error {
	err := r.checkHeader(s.frames, RoleMeta, wire.VolumeMeta)
	if err == nil {
		err = s.frames.notEmpty()
	}
	if err == nil || s.strict || !isDamage(err) || errors.Is(err, ErrNoData) {
		return err
	}
	switch otherField(err) {
	case "":
		s.frames.last, s.frames.skip = 0, 0
		_, err = s.find(err, true)
		return err
	case "version":
		return err
	}
	if h, _, again := decodeHeader(s.frames.peekLabel()); again != nil || r.foreign(h) {
		return err
	}
	r.warn(&Damage{File: r.meta.Path, Next: -1, Err: err})
	return nil
}

// foreign reports whether a label belongs to another archive. A single
// different field may be damage, two are not.
func (r *Reader) foreign(h *Header) bool {
	n := 0
	for _, differs := range [...]bool{h.Host != r.header.Host, h.PID != r.header.PID, h.Start != r.header.Start} {
		if differs {
			n++
		}
	}
	return n > 1
}

// addMeta adds metadata to the store. It skips a record that contradicts
// another one, like a damaged record.
func (r *Reader) addMeta(s *frameSource) error {
	for {
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && s.f.Compressed() && frame.Pos.Offset > r.opts.MaxMetadata {
			_, err = s.frames.fail(fmt.Sprintf("metadata exceeds %d bytes", r.opts.MaxMetadata), pcp.ErrLimit)
		}
		if err != nil {
			return err
		}
		rec, err := decodeMeta(frame.Payload, r.layout)
		if err == nil {
			err = add(r.store, rec)
		}
		if err != nil {
			if err = s.refuse(frame, locate(err, frame.Pos, 4)); err != nil {
				return err
			}
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
