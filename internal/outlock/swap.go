package outlock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// swapList is the file in a swap folder that lists the files to put in place and the files
// to remove, one a line, as +"NAME" and -"NAME", quoted as in Go.
const swapList = ".files"

// Swap replaces the files old of the output's folder by those in the folder New(""). After a
// crash before the swap begins, the old files are as they were; after a crash during it, the
// next writer completes the swap.
func (l *Lock) Swap(old []string) error {
	dir := l.New("")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(x, y os.DirEntry) int { return isMeta(x) - isMeta(y) })
	var list strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&list, "+%q\n", e.Name())
	}
	for _, name := range old {
		fmt.Fprintf(&list, "-%q\n", name)
	}
	if err := writeSynced(filepath.Join(dir, swapList), list.String()); err != nil {
		return err
	}
	swap := l.dir + Prefix + l.name + swapSuffix
	if err := os.Rename(dir, swap); err != nil {
		return err
	}
	to := l.dir
	if to == "" {
		to = "."
	}
	return finishSwap(swap, to)
}

func writeSynced(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// finishSwap completes a swap from any point.
func finishSwap(swap, to string) error {
	text, err := os.ReadFile(filepath.Join(swap, swapList))
	if err != nil {
		return err
	}
	var put, remove []string
	for line := range strings.Lines(string(text)) {
		name, err := strconv.Unquote(strings.TrimSuffix(line[1:], "\n"))
		switch {
		case err != nil || name == "" || strings.ContainsRune(name, filepath.Separator):
			return fmt.Errorf("%s: %q: %w", swap, line, fs.ErrInvalid)
		case line[0] == '+':
			put = append(put, name)
		case line[0] == '-':
			remove = append(remove, name)
		default:
			return fmt.Errorf("%s: %q: %w", swap, line, fs.ErrInvalid)
		}
	}
	for _, name := range remove {
		if slices.Contains(put, name) {
			continue
		}
		if err := os.Remove(filepath.Join(to, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range put {
		err := os.Rename(filepath.Join(swap, name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // absent: an earlier attempt moved it
			return err
		}
	}
	return os.RemoveAll(swap)
}
