package relocate

import (
	"bytes"
	"context"
	"io"
	"os"

	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/eof"
)

// copyFile copies a file with its times and permissions, and waits until it is on the disk.
func copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	err = dirsync.WriteFile(to, info.Mode().Perm()|0o200, func(w io.Writer) error {
		_, err := io.Copy(w, ctxio.NewReader(ctx, in))
		return err
	})
	if err != nil {
		return err
	}
	_ = os.Chmod(to, info.Mode().Perm()) // not every file system has permissions
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// sameBytes reports whether two files have the same bytes.
func sameBytes(a, b string) bool {
	x, errX := os.Open(a)
	if errX != nil {
		return false
	}
	defer x.Close()
	y, errY := os.Open(b)
	if errY != nil {
		return false
	}
	defer y.Close()
	left, right := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errX := io.ReadFull(x, left)
		m, errY := io.ReadFull(y, right)
		if !bytes.Equal(left[:n], right[:m]) {
			return false
		}
		if errX != nil || errY != nil {
			return eof.Is(errX) && eof.Is(errY)
		}
	}
}
