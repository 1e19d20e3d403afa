package outlock

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Access rights, flags and errors that package syscall lacks.
const (
	accessDelete      = 0x10000
	shareDelete       = 0x4
	flagDeleteOnClose = 0x04000000
	errSharing        = syscall.Errno(32)
)

// try takes the lock without waiting. The file can be open for writing only
// once. Windows removes it when it is closed, even if the process dies.
func (l *Lock) try() error {
	name, err := syscall.UTF16PtrFromString(l.path())
	if err != nil {
		return err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE|accessDelete,
		syscall.FILE_SHARE_READ|shareDelete, nil, syscall.CREATE_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL|flagDeleteOnClose, 0)
	switch {
	case errors.Is(err, errSharing), errors.Is(err, syscall.ERROR_ACCESS_DENIED) && exists(l.path()):
		return errHeld // or its holder is removing it
	case err != nil:
		return &os.PathError{Op: "open", Path: l.path(), Err: err}
	}
	l.file = os.NewFile(uintptr(h), l.path())
	return nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// remove closes the file, whereupon Windows removes it.
func (l *Lock) remove() error { return l.file.Close() }

// readShared reads a file that another process has open and may remove.
func readShared(name string) ([]byte, error) {
	p, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(p, syscall.GENERIC_READ,
		syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE|shareDelete, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(h), name)
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 64))
}
