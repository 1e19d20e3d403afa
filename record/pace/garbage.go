package pace

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The growth of memory in percent between two collections of garbage. Series of months take
// most of a large recorder's memory and little of it is garbage, so collecting often costs
// little processor time there. A small recorder may use a little more memory instead.
const (
	leastGC = 40
	mostGC  = 100
	spareGC = 80 << 20 // bytes that may be garbage in any case
)

// tuneGC sets how often garbage is collected, until stop is closed. At the start it looks
// every second: the first page of a target may have hundreds of thousands of series. It
// gives back afterwards what these pages took; Go would do so slowly.
func tuneGC(stop <-chan struct{}) {
	const start, soon, late = 30, time.Second, time.Minute
	percent := mostGC
	every := soon
	timer := time.NewTimer(every)
	for n := 1; ; n++ {
		select {
		case <-stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		if n == start {
			every = late
			debug.FreeOSMemory() // what reading the first pages took
		}
		timer.Reset(every)
		if next := percentGC(liveBytes()); next != percent {
			debug.SetGCPercent(next)
			percent = next
		}
	}
}

// percentGC returns the growth for a number of bytes in use. It is rounded, so that it
// seldom changes.
func percentGC(live uint64) int {
	percent := mostGC
	if live > spareGC {
		percent = int(spareGC * 100 / live)
	}
	return max(leastGC, percent/10*10)
}

// liveBytes returns the bytes in use after the last collection.
func liveBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
