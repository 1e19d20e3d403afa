// Package dirsync waits until the names in folders are on the disk.
package dirsync

import (
	"cmp"
	"errors"
	"os"
	"runtime"
	"syscall"
)

// Sync waits until the entries of a folder are on the disk; "" is the current one. It does
// nothing where the system or the file system cannot do that.
func Sync(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(cmp.Or(folder, "."))
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
