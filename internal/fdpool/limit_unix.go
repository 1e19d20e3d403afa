//go:build unix

package fdpool

import "syscall"

// allowed returns the number of files that this process may open.
func allowed() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 2 * least
	}
	return int(min(uint64(l.Cur), 2*most)) //nolint:unconvert // FreeBSD has int64
}
