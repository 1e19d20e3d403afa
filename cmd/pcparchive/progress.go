package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// byteProgress shows on standard error, if that is a terminal, how much of the
// input is read, how fast, and how long the rest will take.
type byteProgress struct{ bar *progressbar.ProgressBar }

// newByteProgress starts to show the way through total bytes; -1 if their number
// is not known, as of standard input.
func newByteProgress(s streams, what string, total int64) byteProgress {
	f, ok := s.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return byteProgress{}
	}
	return byteProgress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond))}
}

// set tells how many bytes are read.
func (p byteProgress) set(done int64) {
	if p.bar != nil {
		_ = p.bar.Set64(done)
	}
}

// add tells that some more bytes are read.
func (p byteProgress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

// reader returns r, counting what is read from it.
func (p byteProgress) reader(r io.Reader) io.Reader {
	if p.bar == nil {
		return r
	}
	return io.TeeReader(r, p.bar)
}

// clear takes the line away.
func (p byteProgress) clear() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
