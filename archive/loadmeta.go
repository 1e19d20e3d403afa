package archive

import (
	"errors"
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

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
