//go:build unix

package pack

import (
	"os"
	"syscall"
)

// own gives a file the owner of another one.
func own(path string, like os.FileInfo) {
	if stat, ok := like.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(path, int(stat.Uid), int(stat.Gid))
	}
}
