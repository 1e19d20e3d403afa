package archive

import (
	"errors"
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/internal/resync"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// frameSource yields the whole records of a file. After damage it continues at
// the next recognizable record, as check.Salvage does. In a compressed file
// it also continues in a later window.
type frameSource struct {
	f      *File
	frames *frameReader
	first  int64                     // offset of the first record
	strict bool                      // damage ends the sequence
	ended  bool                      // the file is complete because a later volume exists
	valid  func(payload []byte) bool // recognizes a record
	// lost is called for damage. If it returns an error, that ends the
	// sequence.
	lost func(*Damage) error
}

// next returns the next record, or io.EOF at the end.
func (s *frameSource) next() (Frame, error) {
	frame, err := s.frames.next()
	if err == nil || errors.Is(err, io.EOF) || s.strict || !isDamage(err) {
		return frame, err
	}
	return s.skip(err)
}

// refuse skips the frame read last, whose contents are damaged.
func (s *frameSource) refuse(frame Frame, err error) error {
	if s.strict || !isDamage(err) {
		return err
	}
	size := int64(len(frame.Payload)) + 8
	return s.lost(&Damage{File: frame.Pos.File, Offset: frame.Pos.Offset, Bytes: size, Next: frame.Pos.Offset + size, Err: err})
}

// skip returns the next record after the damage err.
func (s *frameSource) skip(err error) (Frame, error) {
	from := s.frames.pos
	ok, err := s.find(err, false)
	switch {
	case err != nil:
		return Frame{Pos: from}, err
	case !ok:
		return Frame{Pos: from}, io.EOF
	}
	return s.frames.next()
}

// find moves to the next record after the damage err and reports whether there
// is one. here says that the current position may begin a record.
func (s *frameSource) find(err error, here bool) (ok bool, _ error) {
	from := s.frames.pos
	d := &Damage{File: from.File, Offset: from.Offset, Next: -1, Err: err}
	for {
		found, cause := s.frames.search(here, s.valid)
		if found {
			d.Next = s.frames.pos.Offset
			d.Bytes = d.Next - d.Offset
			d.Err = instead(d.Err, pcp.ErrRange)
			return true, s.lost(d)
		}
		if cause == nil {
			if s.ended {
				d.Err = instead(d.Err, pcp.ErrTruncated)
			}
			d.Bytes = s.frames.pos.Offset - d.Offset
			return false, s.lost(d)
		}
		if cause = locate(cause, from, 0); !isDamage(cause) {
			return false, cause
		}
		d.Err = cause
		next, ok := s.f.nextWindow()
		if !ok {
			d.Bytes = s.rest(d.Offset)
			return false, s.lost(d)
		}
		limit, effort := s.frames.max, s.frames.effort
		s.frames = s.f.frames(next, readBuffer)
		s.frames.max, s.frames.effort = limit, effort
		here = true
	}
}

// rest returns the number of bytes in a file after offset, or a negative number
// if it is unknown.
func (s *frameSource) rest(offset int64) int64 {
	n, ok := s.f.Length()
	if !ok {
		return -1
	}
	return max(0, n-offset)
}

// instead returns err with another reason than pcp.ErrUnfinished, which would
// mean that the record may still be completed.
func instead(err, reason error) error {
	var fe *pcp.FormatError
	if !errors.Is(err, pcp.ErrUnfinished) || !errors.As(err, &fe) {
		return err
	}
	as := *fe
	as.Err = reason
	return &as
}

// search moves to the next record after damage at fr.pos; see skip. The error
// is what prevented reading to the end of the file. If there is no record, fr
// ends at the last byte read.
func (fr *frameReader) search(here bool, valid func([]byte) bool) (ok bool, err error) {
	var read []byte
	if fr.inLong {
		read, fr.long = fr.long, nil
	}
	start, before, turn := fr.pos.Offset, fr.in.buf, fr.in.turn
	w := resync.Resume(read, fr.in, start, fr.effort)
	if here {
		ok = w.FindHere(fr.max, valid)
	} else {
		ok = w.Find(fr.max, fr.length, valid)
	}
	if !ok {
		w.Pass(len(w.Rest()))
	}
	if fr.in.turn == turn && read == nil {
		fr.in.buf = before[w.Off-start:]
	} else if rest := w.Rest(); len(rest) > 0 {
		fr.in.buf = append(rest[:len(rest):len(rest)], fr.in.buf...)
	}
	fr.pos.Offset, fr.effort = w.Off, w.Effort()
	fr.last, fr.skip, fr.inLong = 0, 0, false
	return ok, w.Err
}

// plausible returns a function that recognizes data records.
func plausible(l *wire.Layout, start pcp.Timestamp) func(payload []byte) bool {
	rd := resultDecoder{layout: l}
	return func(payload []byte) bool {
		res, err := rd.decode(payload)
		return err == nil && possible(res.Stamp) && !res.Stamp.Before(start)
	}
}

// possible reports whether a writer may have stored the time t.
func possible(t pcp.Timestamp) bool { return t.Sec >= 0 && t.Nsec >= 0 && t.Nsec < 1e9 }

// Plausible reports whether a payload is recognizable as a data record of an
// archive that begins at start. Readers use the same test to find the record at
// which they continue after damage.
func (d *ResultDecoder) Plausible(payload []byte, start pcp.Timestamp) bool {
	res, err := d.rd.decode(payload)
	return err == nil && possible(res.Stamp) && !res.Stamp.Before(start)
}

// Stretch is a part of a data volume that consists of whole records, from
// offset From to just before offset To.
type Stretch struct{ From, To int64 }

// Whole returns the parts of a data volume that consist of whole records, in
// ascending order. Warnings lists the gaps between them. Whole reads the entire
// volume.
func (r *Reader) Whole(m Member) (parts []Stretch, err error) {
	s, err := r.volumeFrom(m, 0, r.noted)
	if s == nil || err != nil {
		return nil, err
	}
	defer s.f.Close()
	return s.whole(nil)
}

// whole returns the parts of a file that consist of whole records. It stops at
// a record for which over returns true; over may be nil.
func (s *frameSource) whole(over func(Frame) bool) (parts []Stretch, err error) {
	for {
		frame, err := s.next()
		if errors.Is(err, io.EOF) || err == nil && over != nil && over(frame) {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		from, to := frame.Pos.Offset, frame.Pos.Offset+int64(len(frame.Payload))+8
		if n := len(parts); n > 0 && parts[n-1].To == from {
			parts[n-1].To = to
		} else {
			parts = append(parts, Stretch{from, to})
		}
	}
}

// emptyFile returns the error for a file without contents.
func emptyFile(file string) error {
	return &pcp.FormatError{File: file, Kind: pcp.KindHeader, Detail: "empty file", Err: ErrNoData}
}

// mismatch returns the error for a label field with an unexpected value.
func mismatch(file, field string, have, want any) *pcp.FormatError {
	return &pcp.FormatError{
		File: file, Kind: pcp.KindHeader, Field: field,
		Detail: fmt.Sprintf("%v instead of %v", have, want), Err: pcp.ErrMismatch,
	}
}

// otherField returns the field in which a good label differs from the
// archive's. It returns "" if err is another error.
func otherField(err error) string {
	var fe *pcp.FormatError
	if errors.As(err, &fe) && errors.Is(err, pcp.ErrMismatch) {
		return fe.Field
	}
	return ""
}
