package outlock

import (
	"os"
	"syscall"
)

// unnamed creates a file without a name. It returns nil if the file system does
// not support that.
func unnamed(dir string) *os.File {
	const tmpfile = 0o20000000 // the flag of O_TMPFILE beside O_DIRECTORY
	f, err := os.OpenFile(dir, os.O_RDWR|syscall.O_DIRECTORY|tmpfile, 0o600)
	if err != nil {
		return nil
	}
	return f
}
