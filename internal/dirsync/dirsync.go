// Package dirsync waits until files, and the names in folders, are on the disk.
package dirsync

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// WriteFile writes a file, which must not exist, and waits until its contents are on the
// disk. After a failure of write, the file has what was written so far.
func WriteFile(path string, perm fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := write(f); err != nil {
		return err
	}
	return f.Sync()
}

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
