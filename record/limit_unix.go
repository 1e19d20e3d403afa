//go:build unix

package record

import "syscall"

// openFiles returns the number of files of archives that may be open at once: half of
// those that the system allows.
func openFiles() int {
	const least, most = 32, 1 << 17
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return least
	}
	return int(min(max(l.Cur/2, least), most))
}
