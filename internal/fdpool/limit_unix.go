//go:build unix

package fdpool

import "syscall"

// allowed returns how many files this process may have open.
func allowed() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 2 * least
	}
	return int(min(uint64(l.Cur), 2*most))
}
