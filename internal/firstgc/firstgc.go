// Package firstgc delays the first collection of garbage of a program that imports it.
//
// The packages of a large program fill most of the 4 MiB at which Go collects first before
// main begins, and nearly all of that stays in use. A short command would spend a quarter of
// its time on collections that free little.
//
// The package imports few others, so that Go initializes it before most of them. GOGC, if
// it is set, stays in force.
package firstgc

import (
	"os"
	"runtime"
	"runtime/debug"
)

// percent is the size of the heap, in percent of Go's 4 MiB, at which garbage is
// collected for the first time.
const percent = 700

func init() { //nolint:gochecknoinits // the work of the package must precede main
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(percent)
	// The first collection finds the sentinel out of use. Those that follow come as often as usual.
	runtime.AddCleanup(new(*int), func(usual int) { debug.SetGCPercent(usual) }, usual)
}
