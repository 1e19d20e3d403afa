package compare

import (
	"os"
	"syscall"
)

// peakMemory returns the largest resident size of a process in bytes.
func peakMemory(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return int64(u.Maxrss) << 10 //nolint:unconvert // it is an int32 on 386
	}
	return 0
}
