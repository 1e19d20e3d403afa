package pace

import (
	"runtime"
	"time"
)

// With a second processor, Go wakes another thread for each goroutine that becomes ready, and
// the thread mostly finds that nothing is left to do. A recorder with little work therefore
// uses one processor. When there is more work, it has all of them within a second.
const (
	busyShare = 0.5 // of one processor: more of it asks for all processors
	calmShare = 0.3 // less of it needs one
	calmFor   = 15  // periods that must be calm in a row
)

// processors decides how many processors the process uses.
type processors struct {
	one  bool // only one
	calm int  // calm periods since the last that was not
}

// next takes the share of one processor that the process has used in a period. It reports
// whether the process changes to one processor, or to all.
func (p *processors) next(share float64) (changed bool) {
	if share >= calmShare {
		p.calm = 0
	} else {
		p.calm++
	}
	was := p.one
	switch {
	case p.one && share > busyShare:
		p.one = false
	case !p.one && p.calm >= calmFor:
		p.one = true
	}
	return p.one != was
}

// tuneProcessors adapts the number of processors each period until stop is closed.
func tuneProcessors(stop <-chan struct{}, period time.Duration) {
	before, ok := processorTime()
	if !ok {
		return
	}
	defer runtime.SetDefaultGOMAXPROCS()
	tick := time.NewTicker(period)
	defer tick.Stop()
	var p processors
	for last := time.Now(); ; {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		used, _ := processorTime()
		now := time.Now()
		share := float64(used-before) / float64(now.Sub(last))
		before, last = used, now
		switch changed := p.next(share); {
		case changed && p.one:
			runtime.GOMAXPROCS(1)
		case changed:
			runtime.SetDefaultGOMAXPROCS()
		}
	}
}
