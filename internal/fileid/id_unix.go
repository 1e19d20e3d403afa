//go:build linux || darwin

package fileid

import (
	"io/fs"
	"syscall"
)

// Of returns the identity of a file.
func Of(info fs.FileInfo) ID {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ID{}
	}
	changed := changeTime(stat)
	return ID{uint64(stat.Ino), changed.Nano()} //nolint:unconvert // the types differ between systems
}
