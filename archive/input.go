package archive

import (
	"io"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// input is the buffered source of a frameReader: it shows bytes before they are
// discarded. For a long file it can read ahead in a goroutine, so that reading
// and decompressing overlap with decoding.
type input struct {
	r     io.Reader
	ahead *readAhead // reads r ahead; nil without reading ahead
	mem   []byte     // memory that contains buf
	buf   []byte     // bytes read and not yet discarded
	err   error      // error after the bytes in buf
	size  int        // number of bytes that peek can return
	turn  int        // number of times buf was filled
}

// newInput returns an input that can show size bytes.
func newInput(r io.Reader, size int) *input { return &input{r: r, size: size} }

// peek returns the next n bytes, at most size, without discarding them. It
// returns fewer only together with the error that ends the input. The bytes are
// valid until the next call.
func (in *input) peek(n int) ([]byte, error) {
	for len(in.buf) < n {
		if in.err != nil {
			return in.buf, in.err
		}
		in.fill()
	}
	return in.buf[:n], nil
}

// discard skips n bytes that peek returned.
func (in *input) discard(n int) { in.buf = in.buf[n:] }

// Read makes an input an io.Reader.
func (in *input) Read(p []byte) (int, error) { return in.read(p) }

// read copies the next bytes to p, at least one unless it returns an error.
func (in *input) read(p []byte) (int, error) {
	if _, err := in.peek(1); err != nil {
		return 0, err
	}
	n := copy(p, in.buf)
	in.discard(n)
	return n, nil
}

// fill extends buf, which must be shorter than size.
func (in *input) fill() {
	in.turn++
	if in.ahead != nil {
		in.fillAhead()
		return
	}
	if in.mem == nil {
		in.mem = make([]byte, in.size)
	}
	have := copy(in.mem, in.buf)
	var n int
	n, in.err = readSome(in.r, in.mem[have:])
	in.buf = in.mem[:have+n]
}

// readSome reads until it has at least one byte.
func readSome(r io.Reader, p []byte) (n int, err error) {
	const patience = 100
	for range patience {
		if n, err = r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// fillAhead continues with the next piece, in front of which there is space for
// the rest of the current one.
func (in *input) fillAhead() {
	next := <-in.ahead.full
	next.failed.Raise()
	from := in.size - copy(next.mem[in.size-len(in.buf):], in.buf)
	if in.mem != nil {
		in.ahead.free <- in.mem
	}
	in.mem, in.buf, in.err = next.mem, next.mem[from:in.size+next.n], next.err
}

// readAhead reads in a goroutine.
type readAhead struct {
	full chan piece
	free chan []byte
}

// piece holds n bytes in the second half of mem.
type piece struct {
	mem    []byte
	n      int
	err    error
	failed *defect.Error // reading panicked
}

// pieces is the number of pieces: one being consumed, one being filled and one
// in between.
const pieces = 3

// startAhead begins reading ahead. The caller must stop the result.
func (in *input) startAhead() *readAhead {
	a := &readAhead{full: make(chan piece, pieces), free: make(chan []byte, pieces)}
	for range pieces {
		a.free <- nil
	}
	in.ahead = a
	go a.run(in.r, in.size)
	return a
}

func (a *readAhead) run(r io.Reader, size int) {
	defer close(a.full)
	for mem := range a.free {
		if mem == nil {
			mem = make([]byte, 2*size)
		}
		p := piece{mem: mem}
		p.failed = defect.Catch(func() {
			for p.n < size && p.err == nil {
				var n int
				n, p.err = readSome(r, mem[size+p.n:])
				p.n += n
			}
		})
		a.full <- p
		if p.err != nil || p.failed != nil {
			return
		}
	}
}

// stop ends the goroutine and waits for it. Afterwards its source may be
// closed.
func (a *readAhead) stop() {
	close(a.free)
	for range a.full { // discard the pieces read so far
	}
}
