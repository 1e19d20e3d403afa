package archive

import (
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
		v.follow(yield)
		err := v.backwards()
		if err == nil {
			err = v.line.flush(r.header.Start)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

func (v *view) backwards() error {
	for _, m := range slices.Backward(v.r.volumes) {
		if err := v.backward(m); err != nil {
			return v.over(err)
		}
	}
	return nil
}

// backward takes the records of one volume.
func (v *view) backward(m Member) error {
	early := false // damage precedes the volume's first record
	s, err := v.r.volumeIn(m, 0, leastBuffer, func(d *Damage) error {
		early = early || d.Bytes != 0 || d.Unused
		return v.r.noted(d)
	}, v.q.Stop)
	if early {
		defer v.lose(nil)
	}
	if err != nil || s == nil {
		return err
	}
	defer s.f.Close()
	if v.r.beginsAfter(s, v.q.To) {
		return nil
	}
	s.lost = v.damaged
	if err := s.f.spool(); err != nil {
		return err
	}
	end, whole := v.r.wholeEnd(s.f, s.first, v.q.To)
	if !whole {
		end = s.first
		if from, ok := v.r.lastEntry(s.f); ok {
			end = max(end, from)
		}
		if err := v.stretches(s, Stretch{end, math.MaxInt64}); err != nil {
			return err
		}
	}
	stopped, err := v.stretch(s, Stretch{s.first, end})
	if isDamage(err) && !s.strict {
		v.lose(nil)
		return v.stretches(s, Stretch{s.first, stopped})
	}
	return err
}

// beginsAfter reports whether the first records of a volume are later than a time. One alone
// may have a damaged time.
func (r *Reader) beginsAfter(s *frameSource, t pcp.Timestamp) bool {
	n := 0
	for ; n < 2; n++ {
		frame, err := s.frames.next()
		if err != nil {
			break
		}
		if stamp, ok := r.stamp(frame); !ok || !stamp.After(t) {
			return false
		}
	}
	return n > 0
}

// stretches takes the records of a damaged part of a volume.
func (v *view) stretches(s *frameSource, within Stretch) error {
	damaged, tail, beyond := false, false, 0
	s.lost = func(d *Damage) error {
		damaged, tail = true, d.Next < 0
		return v.r.noted(d)
	}
	s.frames = s.f.frames(within.From, readBuffer)
	parts, err := s.whole(func(f Frame) bool { // one alone may have a damaged time
		if t, ok := v.r.stamp(f); ok && t.After(v.q.To) {
			beyond++
		} else {
			beyond = 0
		}
		return beyond > neighbours
	})
	s.f.release()
	if err != nil {
		return err
	}
	s.lost = v.damaged
	if tail {
		v.lose(nil)
	}
	for i, p := range slices.Backward(parts) {
		if i < len(parts)-1 {
			v.lose(nil)
		}
		if p.To = min(p.To, within.To); p.To <= p.From {
			continue
		}
		if _, err := v.stretch(s, p); err != nil {
			return err
		}
	}
	if damaged && (len(parts) == 0 || parts[0].From > within.From) {
		v.lose(nil)
	}
	return nil
}

// stretch takes the records of an undamaged part of a volume. stopped is the offset of the
// end of the records that it did not reach.
func (v *view) stretch(s *frameSource, p Stretch) (stopped int64, err error) {
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
		if v.line.fresh() {
			for _, t := range v.r.boundAfter(frame.Pos) {
				v.line.passed(t)
			}
		}
		next, known := b.following(v.r.layout)
		if err := v.frame(s, frame, next, known); err != nil {
			return b.end, err
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
