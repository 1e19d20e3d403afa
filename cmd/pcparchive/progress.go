package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
)

// byteProgress shows on standard error, if that is a terminal, how much of the
// input is read, how fast, and how long the rest will take.
type byteProgress struct{ *byteCount }

type byteCount struct {
	status *statusWriter
	what   string
	total  int64
	done   atomic.Int64
	began  time.Time
}

// newByteProgress starts to show the way through total bytes; -1 if their number
// is not known, as of standard input.
func newByteProgress(s streams, what string, total int64) byteProgress {
	status := statusOf(s)
	if status == nil {
		return byteProgress{}
	}
	return byteProgress{&byteCount{status: status, what: what, total: total, began: time.Now()}}
}

// shown reports whether there is a terminal.
func (p byteProgress) shown() bool { return p.byteCount != nil }

// set tells how many bytes are read.
func (p byteProgress) set(done int64) {
	if p.shown() {
		p.done.Store(done)
		p.draw()
	}
}

// add tells that some more bytes are read.
func (p byteProgress) add(n int) {
	if p.shown() {
		p.done.Add(int64(n))
		p.draw()
	}
}

func (p byteProgress) draw() {
	if p.status.due() {
		p.status.show(progressLine(p.what, p.done.Load(), p.total, time.Since(p.began)))
	}
}

// progressLine tells how far reading is. A total that is negative is not known.
func progressLine(what string, done, total int64, elapsed time.Duration) string {
	line := what
	if total > 0 {
		line += fmt.Sprintf(" %3d%%", min(100, int64(float64(done)/float64(total)*100)))
	}
	line += "  " + humanize.IBytes(uint64(max(done, 0)))
	if total > 0 {
		line += " of " + humanize.IBytes(uint64(total))
	}
	seconds := elapsed.Seconds()
	if done <= 0 || seconds < 1 {
		return line
	}
	speed := float64(done) / seconds
	line += "  " + humanize.IBytes(uint64(speed)) + "/s"
	if total > done {
		left := min(float64(total-done)/speed, 1e6) // days, in which nobody is interested
		line += "  " + time.Duration(left*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return line
}

// reader returns r, counting what is read from it.
func (p byteProgress) reader(r io.Reader) io.Reader {
	if !p.shown() {
		return r
	}
	return io.TeeReader(r, countWriter{p})
}

type countWriter struct{ p byteProgress }

// Write counts.
func (c countWriter) Write(b []byte) (int, error) {
	c.p.add(len(b))
	return len(b), nil
}

// clear takes the line away.
func (p byteProgress) clear() {
	if p.shown() {
		p.status.clear()
	}
}
