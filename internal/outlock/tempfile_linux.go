package outlock

import (
	"os"
	"syscall"
)

// unnamed makes a file that never has a name; nil if the file system cannot.
func unnamed(dir string) *os.File {
	const tmpfile = 0o20000000 // of O_TMPFILE
	f, err := os.OpenFile(dir, os.O_RDWR|syscall.O_DIRECTORY|tmpfile, 0o600)
	if err != nil {
		return nil
	}
	return f
}
