// Package dirsync waits until the names in folders are on the disk.
package dirsync

import (
	"errors"
	"os"
	"runtime"
)

// Sync waits until the entries of a folder are on the disk. On Windows, which cannot do
// that, it does nothing.
func Sync(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
