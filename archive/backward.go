package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pcp"
)

// Backward yields the steps that q selects from the last to the first. It reads
// volumes from their end; one that is compressed in one piece too long for the
// cache is decompressed into a temporary file. Where a volume ends in damage or
// inside a record, which Warnings then names, what precedes that is read.
// Otherwise the sequence is that of Steps in reverse.
func (r *Reader) Backward(q Query) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		v := newView(r, q)
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
func (v *view) backward(m Member, yield func(*Step, error) bool) error {
	f, frames, err := v.r.openVolume(m, leastBuffer)
	if err != nil || f == nil {
		return err
	}
	defer f.Close()
	first := frames.pos.Offset + int64(frames.last)
	if frame, err := frames.next(); err == nil {
		if t, ok := v.r.stamp(frame); ok && t.After(v.q.To) {
			return nil // and so is all that follows it
		}
	}
	if err := f.spool(); err != nil {
		return err
	}
	end, err := v.r.wholeEnd(f, first, v.q.To)
	if err != nil {
		return err
	}
	b := backReader{f: f, first: first, end: end}
	for {
		frame, err := b.prev()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t, ok := v.r.stamp(frame)
		if ok && t.After(v.q.To) {
			continue
		}
		if ok && t.Before(v.q.From) {
			return errStop
		}
		if err := v.record(frame, yield); err != nil {
			return err
		}
	}
}

// wholeEnd returns where the whole records of a volume end, as far as they may
// be wanted: not later than to, if the index knows.
func (r *Reader) wholeEnd(f *File, first int64, to pcp.Timestamp) (int64, error) {
	for _, e := range r.entries {
		if int(e.Volume) == f.Volume && e.Stamp.After(to) && e.Data >= first {
			frame, err := f.frames(e.Data, leastBuffer).next()
			if err != nil {
				continue
			}
			if t, ok := r.stamp(frame); ok && t.After(to) {
				return e.Data, nil
			}
		}
	}
	if _, ok := r.stampBefore(f); ok {
		n, _ := f.Length()
		return n, nil
	}
	if from, ok := r.lastEntry(f); ok {
		first = from
	}
	frames := f.frames(first, readBuffer)
	defer f.release()
	for {
		_, err := frames.next()
		if errors.Is(err, io.EOF) {
			return frames.pos.Offset, nil
		}
		var damage *pcp.FormatError
		if errors.As(err, &damage) {
			r.warn(err)
			return frames.pos.Offset, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// spool makes f a file that can be read at any place: one of which parts are too
// long for the cache is replaced by a temporary file of what it holds. That ends
// where damage begins.
func (f *File) spool() error {
	if f.d.RandomAccess() {
		return nil
	}
	// To read anything but the beginning brings it into the cache if it fits.
	if _, err := f.d.ReadAt(make([]byte, 1), 1); err != nil && !errors.Is(err, io.EOF) && !damaged(err) {
		return err
	}
	if f.d.RandomAccess() {
		return nil
	}
	tmp, err := outlock.NewTempFile("")
	if err != nil {
		return err
	}
	n, err := io.Copy(tmp, f.From(0))
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

func damaged(err error) bool {
	var de *decomp.Error
	return errors.As(err, &de)
}

// plainFile is a file that ends in a failure instead of io.EOF.
type plainFile struct {
	*os.File
	err error // nil: io.EOF
}

func (p plainFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.File.ReadAt(b, off)
	if errors.Is(err, io.EOF) && p.err != nil {
		err = p.err
	}
	return n, err
}

// backReader reads the records of a file from one place back to another.
type backReader struct {
	f          *File
	first, end int64
	buf        []byte // what precedes end
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

// fill makes buf hold at least the n bytes before end.
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
		err = nil // all were read, or the file was cut meanwhile: the record will not be good
	}
	return err
}

// fail builds the error for the record that ends at b.end.
func (b *backReader) fail(detail string, err error) (Frame, error) {
	pos := b.f.pos(b.end)
	for _, known := range []error{pcp.ErrRange, pcp.ErrLimit, pcp.ErrTrailer, pcp.ErrTruncated} {
		if errors.Is(err, known) {
			err = &pcp.FormatError{Kind: pcp.KindNone, Detail: detail, Err: err}
		}
	}
	return Frame{Pos: pos}, locate(err, pos, 0)
}
