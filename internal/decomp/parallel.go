package decomp

import (
	"errors"
	"io"
	"runtime"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/internal/defect"
)

const (
	mostAhead   = 8       // windows that a Reader decodes ahead at the same time
	aheadWindow = 4 << 20 // longest window that is decoded ahead
)

// ahead decodes the windows that a Reader reads next, each in a goroutine.
type ahead struct {
	f       *File
	pending []*decoding // in the order of the windows
	spare   [][]byte    // buffers of windows that have been read
	current *decoding   // the window being read
}

// decoding is a window that is being decoded.
type decoding struct {
	window
	done  chan struct{} // closed when data and err are final
	stop  atomic.Bool   // nobody will read the window
	data  []byte
	err   error
	lease bool // data belongs to the cache

	failed *defect.Error // decoding panicked
}

// take returns a reader of the window i of a table if it has been decoded ahead,
// and starts to decode those that follow. It returns nil if the window is not
// fit for that.
func (a *ahead) take(table []window, i int) io.ReadCloser {
	a.recycle()
	if len(a.pending) > 0 && a.pending[0].window != table[i] {
		a.cancel() // damage has divided windows
	}
	for n := len(a.pending); n < min(runtime.GOMAXPROCS(0), mostAhead)+1 && i+n < len(table); n++ {
		w := table[i+n]
		if w.damaged || w.size == unknown || w.size > aheadWindow {
			break
		}
		a.start(w)
	}
	if len(a.pending) == 0 {
		return nil
	}
	a.current = a.pending[0]
	a.pending = append(a.pending[:0:0], a.pending[1:]...)
	return &aheadReader{d: a.current}
}

// start begins to decode a window.
func (a *ahead) start(w window) {
	d, f := &decoding{window: w, done: make(chan struct{})}, a.f
	var buf []byte
	if n := len(a.spare); n > 0 {
		buf, a.spare = a.spare[n-1], a.spare[:n-1]
	}
	a.pending = append(a.pending, d)
	go func() {
		defer close(d.done)
		d.failed = defect.Catch(func() { d.run(f, buf) })
	}()
}

// run decodes the window into buf, which it replaces if it is too short.
func (d *decoding) run(f *File, buf []byte) {
	if data, ok := f.cached(d.window); ok {
		d.data, d.err, d.lease = data, io.EOF, true
		return
	}
	r, err := f.decode(d.window)
	if err != nil {
		d.err = err
		return
	}
	defer r.Close()
	d.data, d.err = readInto(buf, stoppable{r, &d.stop}, d.size+1)
}

var errStopped = errors.New("nobody reads the window")

// stoppable reads until somebody stops it.
type stoppable struct {
	io.Reader
	stop *atomic.Bool
}

func (s stoppable) Read(p []byte) (int, error) {
	if s.stop.Load() {
		return 0, errStopped
	}
	return s.Reader.Read(p[:min(len(p), 64<<10)])
}

// recycle keeps the buffer of the window that was read.
func (a *ahead) recycle() {
	if d := a.current; d != nil && !d.lease && d.data != nil {
		a.spare = append(a.spare, d.data[:0])
	}
	a.current = nil
}

// cancel ends decoding ahead and waits for the goroutines, because the caller may
// close the file afterwards.
func (a *ahead) cancel() {
	for _, d := range a.pending {
		d.stop.Store(true)
	}
	for _, d := range a.pending {
		<-d.done
	}
	a.pending = nil
}

// aheadReader reads a window that is decoded in a goroutine.
type aheadReader struct {
	d   *decoding
	off int
}

// Read reads the contents and then returns what ended them.
func (r *aheadReader) Read(p []byte) (int, error) {
	<-r.d.done
	r.d.failed.Raise()
	if r.off < len(r.d.data) {
		n := copy(p, r.d.data[r.off:])
		r.off += n
		return n, nil
	}
	return 0, r.d.err
}

// Close waits for the goroutine, which uses the file.
func (r *aheadReader) Close() error {
	r.d.stop.Store(true)
	<-r.d.done
	return nil
}
