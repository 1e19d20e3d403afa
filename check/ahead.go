package check

import (
	"errors"
	"io"
)

const (
	// aheadLeast is the length of a stored file from which on reading ahead pays.
	aheadLeast  = 1 << 20
	aheadChunk  = 256 << 10
	aheadChunks = 4
)

// ahead reads, and decompresses, in a goroutine of its own while the checker
// looks at what was read before.
type ahead struct {
	full, free chan chunk
	stop       chan struct{}
	cur        chunk
	at         int
}

type chunk struct {
	buf []byte
	n   int
	err error
}

// readAhead returns a reader of r's contents. The caller must call Close before
// it closes r.
func readAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan chunk, aheadChunks), free: make(chan chunk, aheadChunks), stop: make(chan struct{})}
	for range aheadChunks {
		a.free <- chunk{buf: make([]byte, aheadChunk)}
	}
	go a.run(r)
	return a
}

func (a *ahead) run(r io.Reader) {
	defer close(a.full)
	for {
		var c chunk
		select {
		case <-a.stop:
			return
		case c = <-a.free:
		}
		c.n, c.err = io.ReadFull(r, c.buf)
		if errors.Is(c.err, io.ErrUnexpectedEOF) {
			c.err = io.EOF
		}
		a.full <- c // there is room for all chunks
		if c.err != nil {
			return
		}
	}
}

// Read returns what was read.
func (a *ahead) Read(p []byte) (int, error) {
	for a.at == a.cur.n {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.buf != nil {
			a.free <- a.cur
		}
		a.cur, a.at = <-a.full, 0
	}
	n := copy(p, a.cur.buf[a.at:a.cur.n])
	a.at += n
	return n, nil
}

// Close ends the reading and waits until it has.
func (a *ahead) Close() {
	close(a.stop)
	for range a.full {
	}
}
