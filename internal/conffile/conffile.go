// Package conffile finds and reads files of configuration.
package conffile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// ErrTooLong reports a file that is longer than any file of its kind.
var ErrTooLong = errors.New("the file is too long for one of its kind")

// Files returns path, or if it is a folder, the regular files in it whose names keep allows,
// by name.
func Files(path string, keep func(name string) bool) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		if !keep(e.Name()) {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			files = append(files, file)
		}
	}
	return files, nil
}

// Read returns the content of a file, which may be a pipe, of at most limit bytes. The error
// for a longer one wraps [ErrTooLong].
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = &os.PathError{Op: "read", Path: path, Err: ErrTooLong}
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}
