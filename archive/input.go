package archive

import "io"

// input is what a frameReader reads from: a buffer whose contents may be looked
// at before they are discarded. A file that is read at length is read ahead, in
// a goroutine of its own, so that reading, and decompressing even more so, goes
// on while records are decoded.
type input struct {
	r     io.Reader
	ahead *readAhead // reads r; nil: nobody does
	mem   []byte     // that buf lies in
	buf   []byte     // what was read and not discarded
	err   error      // that follows buf
	size  int        // how much may be looked at
	turn  int        // how often buf was filled
}

// newInput returns an input of which size bytes may be looked at.
func newInput(r io.Reader, size int) *input { return &input{r: r, size: size} }

// peek returns the next n bytes, at most size, without discarding them; fewer
// only with the error that ends the input. They are valid until the next call.
func (in *input) peek(n int) ([]byte, error) {
	for len(in.buf) < n {
		if in.err != nil {
			return in.buf, in.err
		}
		in.fill()
	}
	return in.buf[:n], nil
}

// discard passes over n bytes that peek showed.
func (in *input) discard(n int) { in.buf = in.buf[n:] }

// Read is read, which makes an input an io.Reader.
func (in *input) Read(p []byte) (int, error) { return in.read(p) }

// read moves what follows to p, at least one byte unless there is an error.
func (in *input) read(p []byte) (int, error) {
	if _, err := in.peek(1); err != nil {
		return 0, err
	}
	n := copy(p, in.buf)
	in.discard(n)
	return n, nil
}

// fill adds to buf, which is shorter than size.
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

// readSome reads until it has something.
func readSome(r io.Reader, p []byte) (n int, err error) {
	const patience = 100
	for range patience {
		if n, err = r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// fillAhead goes on to the next piece, before which there is room for what is
// left of the last.
func (in *input) fillAhead() {
	next := <-in.ahead.full
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

// piece is what one turn read: n bytes in the second half of mem.
type piece struct {
	mem []byte
	n   int
	err error
}

// pieces is how many there are: one that is read from, one that is filled and
// one between them.
const pieces = 3

// startAhead reads in ahead from now on. Somebody must stop it.
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
		for p.n < size && p.err == nil {
			var n int
			n, p.err = readSome(r, mem[size+p.n:])
			p.n += n
		}
		a.full <- p
		if p.err != nil {
			return
		}
	}
}

// stop ends the goroutine and waits for its end, after which what it read from
// may be closed.
func (a *readAhead) stop() {
	close(a.free)
	for range a.full { // what it read is of no use
	}
}
