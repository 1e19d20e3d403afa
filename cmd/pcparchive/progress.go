package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
)

// byteProgress shows the progress of reading in the status line: bytes read, speed,
// and remaining time.
type byteProgress struct{ *byteCount }

type byteCount struct {
	status *statusWriter
	total  int64
	done   atomic.Int64
	began  time.Time
}

// newByteProgress starts the progress of reading total bytes; -1 means that their
// number is not known, such as that of standard input.
func newByteProgress(s streams, total int64) byteProgress {
	status := statusOf(s)
	if status == nil {
		return byteProgress{}
	}
	return byteProgress{&byteCount{status: status, total: total, began: time.Now()}}
}

// shown reports whether a terminal shows the progress.
func (p byteProgress) shown() bool { return p.byteCount != nil }

// set sets the number of bytes read.
func (p byteProgress) set(done int64) {
	if p.shown() {
		p.done.Store(done)
		p.draw()
	}
}

// add adds to the number of bytes read.
func (p byteProgress) add(n int) {
	if p.shown() {
		p.done.Add(int64(n))
		p.draw()
	}
}

func (p byteProgress) draw() {
	if p.status.due() {
		p.status.show(progressLine(p.done.Load(), p.total, time.Since(p.began)))
	}
}

// progressLine returns the status line for done of total bytes. A negative total is
// not known.
func progressLine(done, total int64, elapsed time.Duration) string {
	line := "reading"
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
		left := min(float64(total-done)/speed, 1e6) // a limit of days keeps the line short
		line += "  " + time.Duration(left*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return line
}

// clear removes the status line.
func (p byteProgress) clear() {
	if p.shown() {
		p.status.clear()
	}
}
