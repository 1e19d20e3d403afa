package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/rewrite"
)

// plainText returns the text of an error, with file and reason but without the name
// of the system call.
func plainText(err error) string {
	text := err.Error()
	for _, e := range fileErrors(err, nil) {
		text = strings.ReplaceAll(text, e.Error(), fileText(e))
	}
	return text
}

// fileErrors appends the errors about files that an error wraps.
func fileErrors(err error, found []*fs.PathError) []*fs.PathError {
	if e, ok := err.(*fs.PathError); ok { //nolint:errorlint // the walk unwraps
		return append(found, e)
	}
	switch e := err.(type) { //nolint:errorlint // the walk unwraps
	case interface{ Unwrap() error }:
		return fileErrors(e.Unwrap(), found)
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			found = fileErrors(part, found)
		}
	}
	return found
}

// fileText returns the text of an error about a file. A temporary name of output
// that is written aside stands for its folder.
func fileText(e *fs.PathError) string {
	path, create := e.Path, ""
	if at := strings.Index(path, string(filepath.Separator)+rewrite.AsidePrefix); at >= 0 || strings.HasPrefix(path, rewrite.AsidePrefix) {
		path, create = path[:max(at, 0)], "cannot be written to: "
		if path == "" {
			path = "."
		}
	}
	switch {
	case e.Op == "open" && create == "":
		return e.Error()
	case e.Op == "mkdir":
		if create == "" {
			create = "cannot be created: "
		}
	case e.Op == "write":
		create = "cannot be written: "
		if path == os.Stdout.Name() {
			path = "standard output"
		}
	}
	return path + ": " + create + e.Err.Error()
}
