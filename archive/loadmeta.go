package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"

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
	var id described
	if r.opts.described != nil {
		var ok bool
		if id, ok = r.loadTimed(f); ok {
			return nil
		}
	}
	r.store = meta.NewStore()
	p := &metaPass{r: r}
	s := p.source(f, readBuffer)
	if err := s.beginMeta(r); err != nil {
		return err
	}
	err = p.add(s)
	if err == nil && r.store.Counts()[pcp.KindDesc] == 0 {
		if p.first != nil && !errors.Is(p.first.Err, pcp.ErrUnfinished) {
			return p.first.Err
		}
		return &pcp.FormatError{File: f.Path, Kind: pcp.KindNone, Offset: r.metaSize, Detail: "no metric is described", Err: ErrNoData}
	}
	if err == nil && p.first == nil && id.size > 0 {
		r.store.Describe(r.opts.described.put(id, r.store.Descriptions()))
		r.timeless = id.size
	}
	return err
}

// metaPass adds records of the metadata file to the metadata of r.
type metaPass struct {
	r           *Reader
	first, last *Damage // nil if there is none
}

// source returns the records of the metadata file.
func (p *metaPass) source(f *File, buffer int64) *frameSource {
	return p.r.metaSource(f, buffer, func(d *Damage) error {
		if p.last = d; p.first == nil {
			p.first = d
		}
		return p.r.noted(d)
	})
}

// add adds the records that follow, and records their end.
func (p *metaPass) add(s *frameSource) error {
	err := p.r.addMeta(s)
	p.r.metaSize = s.frames.pos.Offset
	if p.last != nil && p.last.Next < 0 {
		p.r.metaSize = p.last.Offset // offset at which more may be written
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
	_, damage, err := r.readLabel(s.frames, r.meta)
	switch {
	case err != nil || damage == nil:
		return err
	case otherField(damage) == "":
		s.frames.last, s.frames.skip = 0, 0
		_, err = s.find(damage, true)
		return err
	}
	r.warn(&Damage{File: r.meta.Path, Next: -1, Err: damage})
	return nil
}

// addMeta adds metadata to the store.
func (r *Reader) addMeta(s *frameSource) error {
	return r.readTimed(s, r.newMetaTimes(func(a *arrival) error { return r.addRecord(s, a) }, r.noted))
}

// readTimed hands the records of the metadata file to times.
func (r *Reader) readTimed(s *frameSource, times *metaTimes) error {
	for {
		if err := r.opts.stopped(); err != nil {
			return err
		}
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			return times.end()
		}
		if err == nil && s.f.Compressed() && frame.Pos.Offset > r.opts.MaxMetadata {
			_, err = s.frames.fail(fmt.Sprintf("metadata exceeds %d bytes", r.opts.MaxMetadata), pcp.ErrLimit)
		}
		if err != nil {
			return cmp.Or(times.end(), err)
		}
		rec, err := r.decodeFitting(frame.Payload)
		if err != nil {
			err = s.refuse(frame, locate(err, frame.Pos, 4))
		} else {
			err = times.add(rec, frame.Pos, int64(len(frame.Payload))+8)
		}
		if err != nil {
			return err
		}
	}
}

// addRecord adds a record to the metadata. It skips one that contradicts another one, like a
// damaged record.
func (r *Reader) addRecord(s *frameSource, a *arrival) error {
	err := add(r.store, a.rec)
	if err == nil {
		return nil
	}
	if err = locate(err, a.pos, 4); s.strict || !isDamage(err) {
		return err
	}
	return s.lost(a.damage(err))
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
