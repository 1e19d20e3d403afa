package main

import (
	"cmp"
	"io"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// resultWriter is standard output. It escapes control characters, and keeps the
// first error for callers that ignore it. On a terminal it first clears the status
// line.
type resultWriter struct {
	out    io.Writer
	safe   *safetext.Writer
	status *statusWriter
	width  func() int // of the terminal; nil if there is none
	err    error
}

func newResultWriter(out io.Writer, status *statusWriter) *resultWriter {
	return &resultWriter{out: out, safe: &safetext.Writer{W: out}, status: status, width: terminalWidth(out)}
}

// Write writes.
func (w *resultWriter) Write(b []byte) (int, error) { return w.to(w.safe, b) }

func (w *resultWriter) to(out io.Writer, b []byte) (int, error) {
	if w.width != nil {
		w.status.clear()
	}
	n, err := out.Write(b)
	w.err = cmp.Or(w.err, err)
	return n, err
}

// flush writes the rest of a text that ends inside a character.
func (w *resultWriter) flush() error { return w.safe.Flush() }

// exact returns the writer for results that must stay unchanged, such as exposition
// text or the listing that equals pmdumplog's. It escapes on a terminal only.
func exact(w io.Writer) io.Writer {
	if r, ok := w.(*resultWriter); ok && r.width == nil {
		return exactWriter{r}
	}
	return w
}

type exactWriter struct{ *resultWriter }

// Write writes.
func (w exactWriter) Write(b []byte) (int, error) { return w.to(w.out, b) }
