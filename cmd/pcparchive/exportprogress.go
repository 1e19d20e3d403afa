package main

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// timeProgress shows how much of the data volumes of several archives is read. It
// estimates this from the time of the last step, as if all archives had grown evenly.
type timeProgress struct {
	view  byteProgress
	bytes int64
	start pcp.Timestamp
	span  time.Duration
	done  int64
}

// newTimeProgress returns the progress of reading the archives of hosts between two
// times.
func newTimeProgress(s streams, h *hosts, from, to pcp.Timestamp) *timeProgress {
	p := &timeProgress{start: h.Header().Start}
	for _, set := range h.Sets() {
		p.bytes += set.DataSize()
	}
	p.view = newByteProgress(s, p.bytes)
	if !p.view.shown() {
		return p
	}
	end, err := h.End()
	if err != nil {
		return p // without a span the line stays at zero
	}
	if from.After(p.start) {
		p.start = from
	}
	if to.Before(end) {
		end = to
	}
	p.span = end.Sub(p.start)
	return p
}

// at shows that the reading has reached time t.
func (p *timeProgress) at(t pcp.Timestamp) {
	if !p.view.shown() {
		return
	}
	if done := p.share(t); done > p.done {
		p.done = done
		p.view.set(done)
	}
}

// share returns the estimated number of bytes before a time.
func (p *timeProgress) share(t pcp.Timestamp) int64 {
	if p.span <= 0 {
		return 0
	}
	share := min(max(float64(t.Sub(p.start))/float64(p.span), 0), 1)
	return int64(share * float64(p.bytes))
}
