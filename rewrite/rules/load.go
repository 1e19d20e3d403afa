package rules

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile is the longest file of rules, in bytes.
const maxFile = 16 << 20

// ErrTooLong reports a file that is longer than any file of rules.
var ErrTooLong = errors.New("file is too long for a file of rules")

// Load parses files of rules, and the files in folders of rules. It leaves out files of a
// folder whose names begin with a period. Errors of several files are joined.
func Load(paths ...string) (all []Rule, err error) {
	for _, path := range paths {
		files, listErr := filesOf(path)
		err = errors.Join(err, listErr)
		for _, file := range files {
			rules, fileErr := loadFile(file)
			all = append(all, rules...)
			err = errors.Join(err, fileErr)
		}
	}
	return all, err
}

func loadFile(file string) ([]Rule, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, &os.PathError{Op: "read", Path: file, Err: ErrTooLong}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, string(text))
}

// filesOf returns path, or the files in a folder by name.
func filesOf(path string) ([]string, error) {
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
		full := filepath.Join(path, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() {
			files = append(files, full)
		}
	}
	slices.Sort(files)
	return files, nil
}
