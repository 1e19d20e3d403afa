//go:build linux || darwin || freebsd

package diskspace

import (
	"io/fs"
	"syscall"
)

// Of returns the size of the file system of a folder, and the bytes that a user other than
// root may still write. ok is false if they are not known.
func Of(dir string) (total, free int64, ok bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, 0, false
	}
	block := int64(stat.Bsize) //nolint:unconvert // the types differ between systems
	return int64(stat.Blocks) * block, int64(stat.Bavail) * block, true
}

// Used returns the bytes that a file takes on the disk.
func Used(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * 512 //nolint:unconvert // the types differ between systems
	}
	return info.Size()
}
