package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
)

// NotArchiveError says that a path names no archive and why.
type NotArchiveError struct {
	Path   string
	Reason NotArchiveReason
	Err    error // the failure of the file system for Missing, else nil
}

// NotArchiveReason is the reason why a path names no archive.
type NotArchiveReason int

// The reasons of a [NotArchiveError].
const (
	Missing     NotArchiveReason = iota // nothing of this name can be read
	EmptyName                           // the path is ""
	Stream                              // the path is "-", and a stream cannot hold the files of an archive
	Packed                              // the path is a .tar or .zip file
	OtherFile                           // the path is a file that does not belong to an archive
	EmptyFolder                         // the folder and the folders below it hold no archive
)

// Error names the path, the reason, and a remedy.
func (e *NotArchiveError) Error() string {
	switch e.Reason {
	case EmptyName:
		return "the name of an archive is empty"
	case Stream:
		return "-: an archive is several files, which standard input cannot be: name it"
	case Packed:
		return e.Path + ": is not an archive: unpack it and name the folder"
	case OtherFile:
		return e.Path + ": is not a file of an archive: those end in .meta, .index or a number"
	case EmptyFolder:
		return e.Path + ": there is no archive in the folder or below it"
	}
	return e.Err.Error()
}

// Unwrap returns the failure of the file system, which may be [fs.ErrNotExist].
func (e *NotArchiveError) Unwrap() error { return e.Err }

// notArchive finds out why a path names no archive.
func notArchive(path string) error {
	e := &NotArchiveError{Path: path}
	switch path {
	case "":
		e.Reason = EmptyName
		return e
	case "-":
		e.Reason = Stream
		return e
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, _, e.Err = archive.Members(path)
		if e.Err == nil {
			e.Err = err
		}
	case err != nil:
		e.Err = err
	case info.IsDir():
		e.Reason = EmptyFolder
	case isPacked(path):
		e.Reason = Packed
	default:
		e.Reason = OtherFile
	}
	return e
}

// isPacked reports whether a file's name is that of several files in one.
func isPacked(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.Contains(name, ".tar") || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".zip")
}
