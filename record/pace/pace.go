// Package pace makes a process that records for months take little of the machine: it sets
// how often garbage is collected, how many processors Go uses, and how exact timers are.
//
// A recorder wakes hundreds of times a second, each time for less than a millisecond. Most of
// its processor time would be Go's scheduler and the kernel's, not its own.
package pace

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Options say what Start leaves alone.
type Options struct {
	// AllProcessors keeps all processors in use, for a process that also answers queries.
	AllProcessors bool
}

// Start adapts garbage collection and processors to the load until undo. It leaves alone what
// the environment variables GOGC and GOMAXPROCS set.
func Start(o Options) (undo func()) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	if os.Getenv("GOGC") == "" {
		before := debug.SetGCPercent(mostGC)
		running.Go(func() {
			defer debug.SetGCPercent(before)
			tuneGC(stop)
		})
	}
	if os.Getenv("GOMAXPROCS") == "" && !o.AllProcessors && runtime.GOMAXPROCS(0) > 1 {
		running.Go(func() { tuneProcessors(stop, time.Second) })
	}
	return func() {
		close(stop)
		running.Wait()
	}
}
