package expo

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// WriteFile writes a page to the file path by calling write. It writes a temporary
// file beside path and renames it when the page is complete, so that a reader never
// sees half a page. If write fails or ctx ends, an existing file stays as it is.
//
// A link leads to its target. WriteFile opens a pipe or a device and writes to it
// directly. Several calls may write the same file at the same time; the last one to
// finish wins.
func WriteFile(ctx context.Context, path string, write func(io.Writer) error) error {
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(ctxio.NewWriter(ctx, f)), f.Close())
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	return replaceFile(ctx, path, write)
}

// replaceFile writes a temporary file and renames it to path. The random part of the
// lock's name lets several writers work at the same time.
func replaceFile(ctx context.Context, path string, write func(io.Writer) error) (err error) {
	lock, err := outlock.Take(fmt.Sprintf("%s.%08x", path, rand.Uint32()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	f, err := os.OpenFile(lock.New(""), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(ctxio.NewWriter(ctx, f))
	err = cmp.Or(write(w), w.Flush())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
