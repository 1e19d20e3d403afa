//go:build linux || darwin || freebsd

package cachedir

import "syscall"

// FreeSpace returns the free bytes of the file system of a folder.
func FreeSpace(dir string) (bytes int64, ok bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, false
	}
	return int64(stat.Bavail) * int64(stat.Bsize), true //nolint:unconvert // their types differ between systems
}
