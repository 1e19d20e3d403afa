package record

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncFolder waits until everything written to the file system of an open folder is on
// the disk. done is false if the system cannot do this in one call.
func syncFolder(dir *os.File) (done bool, err error) {
	switch err := unix.Syncfs(int(dir.Fd())); err {
	case nil:
		return true, nil
	case unix.ENOSYS, unix.EOPNOTSUPP:
		return false, nil
	default:
		return true, &os.PathError{Op: "syncfs", Path: dir.Name(), Err: err}
	}
}
