// Package outlock locks outputs while they are written, names the temporary
// files beside them, and removes the files that a crash left behind.
//
// A lock is a file beside the output. The operating system unlocks it when the
// process ends for any reason. All temporary files of an output belong to
// its lock, and the holder of the lock may remove them. A new writer therefore
// removes what killed writers left in its folder, and nothing of a running
// writer.
//
//	.pcparchive-NAME.lock  lock of the output NAME; an empty NAME locks the folder
//	.pcparchive-NAME.new…  an output that is being written
//	.pcparchive-NAME.done  a complete folder whose contents are being moved out
//	.pcparchive-NAME.swap  a complete folder whose contents are replacing other files
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

// Prefix begins the names of all files and folders that this package creates.
const Prefix = ".pcparchive-"

const (
	lockSuffix = ".lock"
	newSuffix  = ".new"
	doneSuffix = ".done"
	swapSuffix = ".swap"
)

// HeldError reports that another writer holds the lock of an output.
type HeldError struct {
	Path string // path of the output
	PID  int    // process of the writer; 0 if unknown
}

// Error names the output and the process.
func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("%s: %s is writing it; wait for its end, or stop it", e.Path, who)
}

// Lock is the lock of an output. It lasts until Release or the end of the
// process.
type Lock struct {
	file *os.File // nil if the file system has no locks
	dir  string   // folder with its separator, or ""
	name string
}

// errUnsupported: the file system has no locks.
var errUnsupported = errors.New("locks are not supported")

// errHeld: another process holds the lock.
var errHeld = errors.New("lock is held")

// patience is the longest time that Take waits for a holder that has not written its process
// number: a writer that is just starting, or one that is cleaning up after a
// crash.
const patience = 2 * time.Second

// Take locks the output path, which is an archive's base or a file, and removes
// what killed writers left in its folder. If another writer holds the lock the
// error is a [*HeldError]. On a file system without locks Take succeeds but
// gives no protection.
func Take(path string) (*Lock, error) {
	dir, name := filepath.Split(path)
	return take(path, dir, name)
}

// TakeFolder locks the folder dir against other callers of TakeFolder.
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
			// Report the folder: the caller may have made up the file name.
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

// shorten returns the name of an output for use in other names. It replaces the
// end of a name that is too long by its hash.
func shorten(name string) string {
	const most, kept = 200, 150 // bytes
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.ToValidUTF8(name[:kept], "_") + "-" + hex.EncodeToString(sum[:8])
}

// path returns the path of the lock file.
func (l *Lock) path() string { return l.dir + Prefix + l.name + lockSuffix }

// holder returns the process that holds the lock, 0 if unknown.
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

// New returns the path at which to write the output before it is published.
// rest distinguishes several files of one output.
func (l *Lock) New(rest string) string {
	if l.file == nil { // New cannot remove files of other writers, so it avoids their names
		rest = "-" + strconv.Itoa(os.Getpid()) + rest
	}
	return l.dir + Prefix + l.name + newSuffix + rest
}

// NewName returns the path that New returns for the lock of an output. The lock
// must be held.
func NewName(path, rest string) string {
	dir, name := filepath.Split(path)
	return dir + Prefix + shorten(name) + newSuffix + rest
}

// Complete renames the folder New("") to mark it complete and returns its new
// path. After a crash, the next writer moves its contents to their place.
func (l *Lock) Complete() (string, error) {
	return l.Adopt(l.New(""))
}

// Adopt renames a folder to mark it as the complete output and returns its new path.
// After a crash, the next writer moves its contents to their place.
func (l *Lock) Adopt(dir string) (string, error) {
	done := l.dir + Prefix + l.name + doneSuffix
	return done, os.Rename(dir, done)
}

// Release removes the remaining temporary files of the output and unlocks it. A
// second Release does nothing.
func (l *Lock) Release() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.remove()
	l.file = nil
	return err
}
