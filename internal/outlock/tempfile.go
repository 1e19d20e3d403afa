package outlock

import (
	"errors"
	"io/fs"
	"os"
)

// TempFile is a file without a name, as far as the system has such: nothing of it
// stays behind however the process ends.
type TempFile struct {
	*os.File
	named bool // it still has a name, and Close removes it
}

// NewTempFile makes a file in dir, "" for the system's folder.
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
	return &TempFile{f, os.Remove(f.Name()) != nil}, nil // Windows keeps the name of an open file
}

// Close closes the file and removes what is left of it.
func (t *TempFile) Close() error {
	err := t.File.Close()
	if t.named {
		if gone := os.Remove(t.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
