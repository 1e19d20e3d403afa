package decomp

import (
	"errors"
	"io"
	"sort"
)

// Until makes r ask stop while it decodes bytes that it skips. An error of stop ends
// that; Read returns it.
func (r *Reader) Until(stop func() error) { r.stop = stop }

// seek makes the next Read of a compressed file start at off.
func (r *Reader) seek(off int64) {
	i := sort.Search(len(r.table), func(i int) bool { return r.table[i].at > off }) - 1
	if i < 0 {
		r.next, r.skip = 0, 0
		return
	}
	if w := r.table[i]; w.size != unknown && off >= w.at+w.size {
		r.next, r.skip = len(r.table), 0
		return
	}
	r.next, r.skip = i, off-r.table[i].at
}

// Reader reads the contents of a file sequentially.
type Reader struct {
	f    *File
	off  int64 // offset of the next read in a plain file
	next int   // index of the window to open next
	skip int64 // bytes to skip at the start of the next window
	cur  io.ReadCloser
	err  error
	stop func() error // see Until; may be nil

	table  []window // windows of the file
	entire bool     // the Reader reads the current window from its beginning
	passed bool     // the Reader has read an entire window and goes on
	ahead  ahead
}

// Read reads the next bytes.
func (r *Reader) Read(p []byte) (int, error) {
	if r.f.format == Plain {
		n, err := r.f.raw.ReadAt(p, r.off)
		r.off += int64(n)
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	}
	for r.err == nil && len(p) > 0 {
		if r.cur == nil {
			r.open()
			continue
		}
		n, err := r.cur.Read(p)
		switch {
		case errors.Is(err, io.EOF):
			r.passed = r.entire && r.release() == nil
			_ = r.release() // the window was read to its end
		case err != nil:
			r.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, r.err
}

// open opens the next window. If it is damaged before the offset to read from,
// open divides it, because a later part may contain this offset.
func (r *Reader) open() {
	for {
		if r.next >= len(r.table) {
			r.err = io.EOF
			return
		}
		w, skip := r.table[r.next], r.skip
		r.entire = skip == 0
		if r.entire && r.passed {
			r.ahead.f = r.f
			if cur := r.ahead.take(r.table, r.next); cur != nil {
				r.cur, r.next = cur, r.next+1
				return
			}
		}
		r.cur, r.err = r.f.window(w, skip, r.stop)
		r.next, r.skip = r.next+1, 0
		if skip == 0 || w.damaged || !errors.Is(r.err, ErrCorrupt) {
			return
		}
		cause := r.err
		r.Next()
		next := r.next
		if r.seek(w.at + skip); r.next < next || r.next >= len(r.table) {
			r.next, r.skip, r.err = next, 0, cause
			return
		}
		r.err = nil
	}
}

// Next returns the offset in the contents at which the next window begins. ok
// is false in the last window and in a plain file. After damage, Next finds the
// windows that follow it inside the window being read.
func (r *Reader) Next() (off int64, ok bool) {
	if r.next > 0 && errors.Is(r.err, ErrCorrupt) {
		r.table, r.next = r.f.after(r.table[r.next-1])
	}
	if r.next >= len(r.table) {
		return 0, false
	}
	return r.table[r.next].at, true
}

// Close releases the decoders. A later Read continues with the next window.
func (r *Reader) Close() error {
	err := r.release()
	r.ahead.cancel()
	r.passed = false
	return err
}

// release releases the decoder of the window being read.
func (r *Reader) release() error {
	if r.cur == nil {
		return nil
	}
	err := r.cur.Close()
	r.cur = nil
	return err
}
