// Package outlock locks what is being written, names what is written beside it,
// and removes what a crash left of that.
//
// A lock is a file beside the output that the operating system locks and unlocks
// when the process ends, however it ends. Everything temporary of an output
// belongs to the output's lock: who gets the lock may remove it. So the next
// writer in a folder removes what killed writers left there, and nothing of a
// living one.
//
//	.pcparchive-NAME.lock  the lock of NAME; of the folder itself NAME is empty
//	.pcparchive-NAME.new…  what is being written
//	.pcparchive-NAME.done  a folder that is complete and is being moved out
package outlock

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Prefix begins the names of all files and folders of this package.
const Prefix = ".pcparchive-"

const (
	lockSuffix = ".lock"
	newSuffix  = ".new"
	doneSuffix = ".done"
)

// HeldError says that another writer holds the lock of an output.
type HeldError struct {
	Path string // of the output
	PID  int    // of the writer; 0: not known
}

// Error names the output and the process.
func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("%s: %s is writing it; wait for its end, or stop it", e.Path, who)
}

// Lock is the lock of an output. It ends with Release or with the process.
type Lock struct {
	file *os.File // nil where the file system has no locks
	dir  string   // with its separator, or ""
	name string
}

// errUnsupported says that a file system has no locks.
var errUnsupported = errors.New("locks are not supported")

// errHeld says that another holds a lock.
var errHeld = errors.New("lock is held")

// patience is how long Take waits for who holds a lock without saying so: a
// writer that is just beginning, or one that removes what a crash left.
const patience = 2 * time.Second

// Take locks the output path, an archive's base or a file, and removes what
// killed writers left in its folder. If another holds the lock the error is a
// [*HeldError]. Where the file system has no locks there is no protection.
func Take(path string) (*Lock, error) {
	dir, name := filepath.Split(path)
	return take(path, dir, name)
}

// TakeFolder locks the folder dir against others that use TakeFolder.
func TakeFolder(dir string) (*Lock, error) {
	return take(dir, filepath.Clean(dir)+string(filepath.Separator), "")
}

func take(path, dir, name string) (*Lock, error) {
	l := &Lock{dir: dir, name: shorten(name)}
	for end := time.Now().Add(patience); ; {
		err := l.try()
		var pathError *fs.PathError
		switch {
		case errors.Is(err, errHeld):
			pid := l.holder()
			if pid != 0 || time.Now().After(end) {
				return nil, &HeldError{Path: path, PID: pid}
			}
			time.Sleep(5 * time.Millisecond)
			continue
		case errors.Is(err, errUnsupported):
			return l, nil
		case errors.As(err, &pathError):
			// The folder is at fault: the name in it may be one that was made up.
			return nil, fmt.Errorf("%s: cannot be written to: %w", filepath.Clean(dir), pathError.Err)
		case err != nil:
			return nil, fmt.Errorf("%s: cannot be locked for writing: %w", path, err)
		}
		if _, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: cannot be locked for writing: %w", path, err), l.Release())
		}
		l.sweep()
		return l, nil
	}
}

// shorten returns the name of an output as it is part of other names, with the
// end of one that leaves no room replaced by its hash.
func shorten(name string) string {
	const most, kept = 200, 150 // bytes
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.ToValidUTF8(name[:kept], "_") + "-" + hex.EncodeToString(sum[:8])
}

// path returns the name of the lock's file.
func (l *Lock) path() string { return l.dir + Prefix + l.name + lockSuffix }

// holder returns the process that holds the lock, 0 if it does not say.
func (l *Lock) holder() int {
	text, err := readShared(l.path())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// New returns the name under which the output, or what follows by the name of
// rest, is written.
func (l *Lock) New(rest string) string {
	if l.file == nil { // what another left is not removed: keep out of its way
		rest = "-" + strconv.Itoa(os.Getpid()) + rest
	}
	return l.dir + Prefix + l.name + newSuffix + rest
}

// NewName returns what New returns for the lock of an output that the caller, or
// another on its behalf, holds.
func NewName(path, rest string) string {
	dir, name := filepath.Split(path)
	return dir + Prefix + shorten(name) + newSuffix + rest
}

// Complete says that the folder New("") is complete and returns its new name.
// From here on who finds it after a crash moves what is in it to its place.
func (l *Lock) Complete() (string, error) {
	done := l.dir + Prefix + l.name + doneSuffix
	return done, os.Rename(l.New(""), done)
}

// Release removes what is left of the output's temporary files, and unlocks. A
// second Release does nothing.
func (l *Lock) Release() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.remove()
	l.file = nil
	return err
}
