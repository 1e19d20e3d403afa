package archive

import (
	"errors"
	"io"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// ErrNoData says that the metadata, the index or the first volume contains nothing
// after its label. PCP rejects such an archive, too.
var ErrNoData = errors.New("no data")

// loadHeader reads the archive's label from the first volume. If that label is
// damaged and records exist, it takes the label of another file.
func (r *Reader) loadHeader() error {
	first := r.volumes[0]
	f, frames, err := r.openAt(first)
	if err == nil {
		if err = frames.notEmpty(); err == nil && !r.opts.Strict {
			r.checkStart(frames)
		}
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

// checkStart compares the start in the label with the time of the first record, which follows
// in frames.
func (r *Reader) checkStart(frames *frameReader) {
	first, ok := frames.following(r.layout)
	if !ok {
		return
	}
	r.first = &first
	if first.Sub(r.header.Start).Abs() <= time.Second {
		return
	}
	for _, m := range r.Members() {
		if h, err := r.labelOf(m); err == nil && h.Start != r.header.Start {
			r.mendLabel(h)
		}
	}
}

// borrowHeader takes the first good label of the files after the first volume.
func (r *Reader) borrowHeader() {
	for _, m := range r.Members() {
		f, _, err := r.openAt(m)
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
		s, err := r.volumeIn(m, 0, leastBuffer, r.noted, nil)
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
	if errors.Is(err, io.EOF) || errors.Is(err, pcp.ErrUnfinished) && len(frames.in.buf)+len(frames.long) < 8 {
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
	if role != RoleData {
		r.mendLabel(h)
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
