package check

import (
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/internal/defect"
)

const (
	// aheadLeast is the least length in bytes of a stored file that is read ahead.
	aheadLeast  = 1 << 20
	aheadChunk  = 256 << 10
	aheadChunks = 4
)

// ahead reads and decompresses a file in a goroutine of its own, while the checker
// works on earlier bytes.
type ahead struct {
	full, free chan chunk
	stop       chan struct{} // closed by Close
	cur        chunk         // the chunk that Read copies from
	at         int           // offset in cur
}

type chunk struct {
	buf []byte
	n   int
	err error

	failed *defect.Error // reading panicked
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
		c.failed = defect.Catch(func() { c.n, c.err = io.ReadFull(r, c.buf) })
		if errors.Is(c.err, io.ErrUnexpectedEOF) {
			c.err = io.EOF
		}
		a.full <- c // never blocks: the channel holds all chunks
		if c.err != nil || c.failed != nil {
			return
		}
	}
}

// Read copies bytes that the goroutine has read.
func (a *ahead) Read(p []byte) (int, error) {
	for a.at == a.cur.n {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.buf != nil {
			a.free <- a.cur
		}
		a.cur, a.at = <-a.full, 0
		a.cur.failed.Raise()
	}
	n := copy(p, a.cur.buf[a.at:a.cur.n])
	a.at += n
	return n, nil
}

// Close stops the goroutine and waits for its end.
func (a *ahead) Close() {
	close(a.stop)
	for range a.full {
	}
}
