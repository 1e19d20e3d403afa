//go:build unix

package cachedir

import (
	"io/fs"
	"syscall"
)

// fileNumber returns the number of a file in its file system.
func fileNumber(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Ino) //nolint:unconvert // its type differs between systems
	}
	return 0
}
