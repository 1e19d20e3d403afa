package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// file is one file of the archive with what is not yet written to it.
type file struct {
	f       *os.File
	buf     []byte
	written int64
}

// size returns the file's length once its buffer is written.
func (f *file) size() int64 { return f.written + int64(len(f.buf)) }

func (f *file) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	if _, err := f.f.WriteAt(f.buf, f.written); err != nil {
		// Leave whole records behind, not the part of one.
		return errors.Join(err, f.f.Truncate(f.written))
	}
	f.written += int64(len(f.buf))
	f.buf = f.buf[:0]
	return nil
}

// absent makes sure that no file of an archive named base exists.
func absent(base string) error {
	_, members, err := Members(base)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(base)); err != nil {
			return fmt.Errorf("archive %s: %w", base, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w; choose another name or remove the archive", members[0].Path, fs.ErrExist)
}
