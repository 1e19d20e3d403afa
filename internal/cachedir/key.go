package cachedir

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/fileid"
)

// Key identifies the contents of files. The empty Key has no entries.
type Key string

// Key returns the key of files: of their paths without symbolic links, sizes, times of
// change and, where the system has them, identities. The order of the paths counts.
func (d *Dir) Key(paths ...string) (Key, error) {
	if d == nil {
		return "", nil
	}
	found := make([]fs.FileInfo, len(paths))
	for i, path := range paths {
		var err error
		if found[i], err = os.Stat(path); err != nil {
			return "", err
		}
	}
	return d.KeyOf(func(yield func(string, fs.FileInfo) bool) {
		for i, path := range paths {
			if !yield(path, found[i]) {
				return
			}
		}
	}), nil
}

// KeyOf returns the key of files. files yields the path of each file with its information
// at the time for which the key stands.
func (d *Dir) KeyOf(files iter.Seq2[string, fs.FileInfo]) Key {
	if d == nil {
		return ""
	}
	h := sha256.New()
	for path, info := range files {
		fmt.Fprintf(h, "%q %d %d %d\n", d.realPath(path), info.Size(), info.ModTime().UnixNano(), fileid.Of(info))
	}
	return Key(hex.EncodeToString(h.Sum(nil)[:16]))
}

// DerivedKey returns the key of something worked out of texts, for entries that several
// files share.
func DerivedKey(texts ...[]byte) Key {
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d:", len(text))
		h.Write(text)
	}
	return Key(hex.EncodeToString(h.Sum(nil)[:16]))
}

// realPath returns the absolute path of a file, with the symbolic links of its folder
// resolved. A link in place of the file itself keeps its name.
func (d *Dir) realPath(path string) string {
	dir, name := filepath.Split(path)
	d.mu.Lock()
	defer d.mu.Unlock()
	real, known := d.real[dir]
	if !known {
		real = dir
		if whole, err := filepath.Abs(dir); err == nil {
			real = whole
		}
		if whole, err := filepath.EvalSymlinks(real); err == nil {
			real = whole
		}
		d.real[dir] = real
	}
	return filepath.Join(real, name)
}
