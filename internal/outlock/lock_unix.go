//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package outlock

import (
	"errors"
	"os"
	"syscall"
)

// try takes the lock without waiting.
func (l *Lock) try() error {
	for {
		f, err := os.OpenFile(l.path(), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
		if err != nil {
			return err
		}
		if err := flock(f); err != nil {
			f.Close()
			return err
		}
		// The previous holder may have removed the file before try locked it.
		if now, err := f.Stat(); err == nil && current(l.path(), now) {
			l.file = f
			return f.Truncate(0)
		}
		f.Close()
	}
}

func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EACCES):
			return errHeld
		case errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
			_ = os.Remove(f.Name())
			return errUnsupported
		}
		return err
	}
}

// current reports whether name still refers to the open file.
func current(name string, open os.FileInfo) bool {
	now, err := os.Lstat(name)
	return err == nil && os.SameFile(now, open)
}

// remove removes the locked file and then unlocks it.
func (l *Lock) remove() error {
	err := os.Remove(l.path())
	if errors.Is(err, os.ErrNotExist) {
		err = nil // removed together with its folder
	}
	return errors.Join(err, l.file.Close())
}

func readShared(name string) ([]byte, error) { return os.ReadFile(name) }
