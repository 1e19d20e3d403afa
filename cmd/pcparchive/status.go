package main

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// statusWriter is standard error. It escapes control characters. On a terminal it
// also shows a status line, which it clears before it writes other text.
type statusWriter struct {
	w     io.Writer
	width func() int // of the terminal; nil if there is none

	mu    sync.Mutex
	shown bool
	next  atomic.Int64 // when the line may change, in milliseconds
}

// newStatusWriter returns a writer to w.
func newStatusWriter(w io.Writer) *statusWriter { return &statusWriter{w: w, width: terminalWidth(w)} }

// terminalWidth returns a function that returns the width of the terminal w in
// columns, nil if w is not a terminal.
func terminalWidth(w io.Writer) func() int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return width
	}
}

// statusOf returns the status line of standard error, nil if that is not a terminal.
func statusOf(s streams) *statusWriter {
	w, ok := s.err.(*statusWriter)
	if !ok || w.width == nil {
		return nil
	}
	return w
}

// wipeLine is the escape sequence that deletes a line and returns to its start.
const wipeLine = "\r\x1b[K"

// Write clears the status line and writes.
func (w *statusWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wipe()
	if _, err := w.w.Write(safetext.Append(nil, b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// redraws is the least time between two changes of the status line.
const redraws = 100 * time.Millisecond

// due reports whether the status line may change now.
func (w *statusWriter) due() bool { return w != nil && time.Now().UnixMilli() >= w.next.Load() }

// show shows a line, cut to the terminal's width, unless the last change is recent.
func (w *statusWriter) show(line string) {
	if !w.due() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next.Store(time.Now().Add(redraws).UnixMilli())
	line = safetext.Line(line)
	if width := w.width(); width > 0 {
		line = safetext.Elide(line, width-1) // a character in the last column would start a new line
	}
	if _, err := io.WriteString(w.w, wipeLine+line); err == nil {
		w.shown = true
	}
}

// clear removes the status line.
func (w *statusWriter) clear() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wipe()
}

func (w *statusWriter) wipe() {
	if w.shown {
		_, _ = io.WriteString(w.w, wipeLine) // the next Write returns the error
		w.shown = false
	}
}
