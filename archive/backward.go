package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pcp"
)

// Backward yields the steps that q selects from the last to the first: the
// sequence of Steps in reverse, with the same marks where data is lost. It
// reads volumes from their end. It decompresses a volume into a temporary file
// if the volume is compressed as a single piece that does not fit into the
// cache.
func (r *Reader) Backward(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		v := newView(r, q)
		v.back = true
		for _, m := range slices.Backward(r.volumes) {
			err := v.backward(m, yield)
			if err == nil {
				continue
			}
			if !errors.Is(err, errStop) {
				yield(nil, err)
			}
			return
		}
	}
}

// backward yields the steps of one volume.
func (v *view) backward(m Member, yield func(*history.Step, error) bool) error {
	later := v.lost
	s, err := v.r.volumeIn(m, 0, leastBuffer, v.damaged, v.q.Stop)
	if err != nil || s == nil {
		return err
	}
	defer s.f.Close()
	if v.lost && !later { // the damage is before the volume's first record
		v.lost = false
		defer func() { v.lost = true }()
	}
	if frame, err := s.frames.next(); err == nil {
		if t, ok := v.r.stamp(frame); ok && t.After(v.q.To) {
			return nil // everything before it is earlier than the query, too
		}
	}
	if err := s.f.spool(); err != nil {
		return err
	}
	end, whole := v.r.wholeEnd(s.f, s.first, v.q.To)
	if !whole {
		end = s.first
		if from, ok := v.r.lastEntry(s.f); ok {
			end = max(end, from)
		}
		if err := v.stretches(s, Stretch{end, math.MaxInt64}, yield); err != nil {
			return err
		}
	}
	stopped, err := v.stretch(s, Stretch{s.first, end}, yield)
	if isDamage(err) && !s.strict {
		v.lost = true
		return v.stretches(s, Stretch{s.first, stopped}, yield)
	}
	return err
}

// stretches yields the steps of a damaged part of a volume.
func (v *view) stretches(s *frameSource, within Stretch, yield func(*history.Step, error) bool) error {
	damaged, tail := false, false
	s.lost = func(d *Damage) error {
		damaged, tail = true, d.Next < 0
		return v.r.noted(d)
	}
	s.frames = s.f.frames(within.From, readBuffer)
	parts, err := s.whole(func(f Frame) bool { // the condition that ends Steps
		t, ok := v.r.stamp(f)
		return ok && t.After(v.q.To)
	})
	s.f.release()
	if err != nil {
		return err
	}
	s.lost = v.damaged
	v.lost = v.lost || tail
	for i, p := range slices.Backward(parts) {
		v.lost = v.lost || i < len(parts)-1
		if p.To = min(p.To, within.To); p.To <= p.From {
			continue
		}
		if _, err := v.stretch(s, p, yield); err != nil {
			return err
		}
	}
	v.lost = v.lost || damaged && (len(parts) == 0 || parts[0].From > within.From)
	return nil
}

// stretch yields the steps of an undamaged part of a volume. stopped is the
// offset of the end of the records that it did not reach.
func (v *view) stretch(s *frameSource, p Stretch, yield func(*history.Step, error) bool) (stopped int64, err error) {
	b := backReader{f: s.f, first: p.From, end: p.To}
	for {
		if err := v.stopped(); err != nil {
			return b.end, err
		}
		frame, err := b.prev()
		if errors.Is(err, io.EOF) {
			return b.end, nil
		}
		if err != nil {
			return b.end, err
		}
		t, ok := v.r.stamp(frame)
		if ok && t.After(v.q.To) {
			continue
		}
		if ok && t.Before(v.q.From) {
			return b.end, errStop
		}
		if err := v.record(frame, yield); err != nil {
			if err = s.refuse(frame, err); err != nil {
				return b.end, err
			}
		}
	}
}

// wholeEnd returns the offset at which the records of a volume end. If the
// index allows, it omits records later than to. ok is false if the volume does
// not end with a whole record, or its end is unknown.
func (r *Reader) wholeEnd(f *File, first int64, to pcp.Timestamp) (end int64, ok bool) {
	for _, e := range r.hints {
		if int(e.Volume) == f.Volume && e.Stamp.After(to) && e.Data >= first {
			frame, err := f.frames(e.Data, leastBuffer).next()
			if err != nil {
				continue
			}
			if t, ok := r.stamp(frame); ok && t.After(to) {
				return e.Data, true
			}
		}
	}
	if _, ok := r.stampBefore(f); !ok {
		return 0, false
	}
	return f.Length()
}

// spool makes f readable at any offset. If parts of f are too long for the
// cache and its temporary files, or damaged, spool replaces f by a temporary file
// with its decompressed contents, with zeros in place of damage.
func (f *File) spool() error {
	if f.d.RandomAccess() {
		return nil
	}
	// Reading any byte but the first brings the contents into the cache if they
	// fit.
	_, err := io.ReadFull(f.From(1), make([]byte, 1))
	f.release()
	if err != nil && !errors.Is(err, io.EOF) && !damaged(err) {
		return err
	}
	if f.d.RandomAccess() {
		return nil
	}
	release, ok := f.d.Hold(f.stop)
	if ok {
		f.held = release
		return nil
	}
	defer release()
	tmp, err := outlock.NewTempFile("")
	if err != nil {
		return err
	}
	n, err := f.copyTo(tmp.File)
	f.release()
	if err != nil && !damaged(err) {
		tmp.Close()
		return fmt.Errorf("%s: decompressing into %s: %w", f.Path, tmp.Name(), err)
	}
	f.f.Close()
	f.f = tmp
	f.d, err = decomp.Open(plainFile{tmp.File, err}, decomp.ID{Name: tmp.Name(), Size: n}, decomp.Limits{}, decomp.NewCache(0))
	return err
}

// copyTo writes the contents of f to tmp and returns their length.
func (f *File) copyTo(tmp *os.File) (n int64, err error) {
	for {
		got, err := io.Copy(tmp, f.From(n))
		n += got
		next, more := f.nextWindow()
		if !damaged(err) || !more {
			return n, err
		}
		if _, err := tmp.Seek(next, io.SeekStart); err != nil {
			return n, err
		}
		n = next
	}
}

// damaged reports whether err is damage of compressed data.
func damaged(err error) bool {
	var de *decomp.Error
	return errors.As(err, &de)
}

// plainFile is a temporary file that ends with err in place of io.EOF.
type plainFile struct {
	*os.File
	err error // nil means io.EOF
}

func (p plainFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.File.ReadAt(b, off)
	if errors.Is(err, io.EOF) && p.err != nil {
		err = p.err
	}
	return n, err
}

// backReader reads the records of a file backwards.
type backReader struct {
	f          *File
	first, end int64
	buf        []byte // bytes before end
}

// prev returns the record that ends at b.end.
func (b *backReader) prev() (Frame, error) {
	if b.end <= b.first {
		return Frame{}, io.EOF
	}
	n := int64(4)
	if err := b.fill(n); err != nil {
		return b.fail("length", err)
	}
	n = int64(int32(binary.BigEndian.Uint32(b.buf[len(b.buf)-4:])))
	switch {
	case n < 8 || n > b.end-b.first:
		return b.fail(fmt.Sprintf("length %d after it", n), pcp.ErrRange)
	case n > int64(b.f.max):
		return b.fail(fmt.Sprintf("length %d exceeds %d", n, b.f.max), pcp.ErrLimit)
	}
	if err := b.fill(n); err != nil {
		return b.fail("", err)
	}
	raw := b.buf[int64(len(b.buf))-n:]
	if lead := int32(binary.BigEndian.Uint32(raw)); int64(lead) != n {
		return b.fail(fmt.Sprintf("%d before, %d after", lead, n), pcp.ErrTrailer)
	}
	b.buf = b.buf[:int64(len(b.buf))-n]
	b.end -= n
	return Frame{Pos: b.f.pos(b.end), Payload: raw[4 : n-4 : n-4]}, nil
}

// fill extends buf to at least the n bytes before end.
func (b *backReader) fill(n int64) error {
	if int64(len(b.buf)) >= n {
		return nil
	}
	n = max(n, min(readBuffer, b.end-b.first))
	if n > b.end {
		return pcp.ErrTruncated
	}
	b.buf = slices.Grow(b.buf[:0], int(n))[:n]
	_, err := b.f.d.ReadAt(b.buf, b.end-n)
	if errors.Is(err, io.EOF) {
		err = nil // buf is complete, or the file was truncated meanwhile and the record will be rejected
	}
	return err
}

// fail returns the error for the record that ends at b.end.
func (b *backReader) fail(detail string, err error) (Frame, error) {
	pos := b.f.pos(b.end)
	for _, known := range []error{pcp.ErrRange, pcp.ErrLimit, pcp.ErrTrailer, pcp.ErrTruncated} {
		if errors.Is(err, known) {
			err = &pcp.FormatError{Kind: pcp.KindNone, Detail: detail, Err: err}
		}
	}
	return Frame{Pos: pos}, locate(err, pos, 0)
}
