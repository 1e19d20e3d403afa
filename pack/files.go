package pack

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/dirsync"
)

// adopt gives a file the permissions, the owner and the times of another one, as
// compression programs do. Not every system and user may do that, so errors do not count.
func adopt(path string, like os.FileInfo) {
	own(path, like)
	_ = os.Chmod(path, like.Mode().Perm())
	_ = os.Chtimes(path, like.ModTime(), like.ModTime())
}

// onDisk waits until a file and its directory entry are on the disk.
func onDisk(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), dirsync.Sync(filepath.Dir(path)))
}
