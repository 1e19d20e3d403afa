package record

import (
	"runtime"
	"sync/atomic"
	"time"
)

// firsts limits the first scrapes of archives that are under way. A first scrape takes
// fifty times as long as a later one, because it creates files and makes all series known.
// If thousands answered at once, their records would wait for one another.
type firsts struct {
	slots   chan struct{}
	opening chan struct{} // limits the archives that are being continued
	ending  chan struct{} // closed when the recording ends
}

// firstPerProcessor is the number of first scrapes for each processor.
const firstPerProcessor = 16

func newFirsts() *firsts {
	n := runtime.GOMAXPROCS(0)
	return &firsts{make(chan struct{}, firstPerProcessor*n), make(chan struct{}, n), make(chan struct{})}
}

// enter waits for room in a channel. It returns false if the recording ends.
func (f *firsts) enter(room chan struct{}) bool {
	select {
	case room <- struct{}{}:
		return true
	case <-f.ending:
		return false
	}
}

// turn is the part of one archive in firsts.
type turn struct {
	of    *firsts
	state atomic.Int32
}

// The states of a turn, in their order.
const (
	turnComes  int32 = iota
	turnAsks         // the target has not answered yet
	turnWrites       // the answer is being written
	turnOver
)

const (
	longestAsking  = 50 * time.Millisecond // slower targets do not keep others waiting
	longestWriting = 5 * time.Second
)

// begin waits for the turn.
func (t *turn) begin(of *firsts) {
	if t.of = of; !of.enter(of.slots) {
		t.state.Store(turnOver)
		return
	}
	t.state.Store(turnAsks)
	time.AfterFunc(longestAsking, func() {
		if t.state.CompareAndSwap(turnAsks, turnOver) {
			<-of.slots
		} else if t.state.Load() == turnWrites {
			time.AfterFunc(longestWriting, t.end)
		}
	})
}

// writes says that the target has answered.
func (t *turn) writes() { t.state.CompareAndSwap(turnAsks, turnWrites) }

// end ends the turn if it has begun.
func (t *turn) end() {
	if was := t.state.Load(); was != turnComes && was != turnOver && t.state.CompareAndSwap(was, turnOver) {
		<-t.of.slots
	}
}
