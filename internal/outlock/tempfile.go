package outlock

import (
	"errors"
	"io/fs"
	"os"
)

// TempFile is a temporary file. Where the system supports it the file has no
// name, so that nothing remains however the process ends.
type TempFile struct {
	*os.File
	named bool // the file still has a name, and Close removes it
}

// NewTempFile creates a file in dir, or in the system's folder for temporary
// files if dir is "".
func NewTempFile(dir string) (*TempFile, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	if f := unnamed(dir); f != nil {
		return &TempFile{File: f}, nil
	}
	f, err := os.CreateTemp(dir, Prefix+"*"+newSuffix)
	if err != nil {
		return nil, err
	}
	return &TempFile{f, os.Remove(f.Name()) != nil}, nil // Windows does not remove an open file
}

// Close closes the file and removes it if it has a name.
func (t *TempFile) Close() error {
	err := t.File.Close()
	if t.named {
		if gone := os.Remove(t.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
