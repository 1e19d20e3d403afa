package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// checkOutput refuses to replace a file of the input.
func checkOutput(path string, operands []string) error {
	out, err := os.Stat(path)
	if err != nil || !out.Mode().IsRegular() {
		return nil // nothing to replace
	}
	for _, operand := range splitOperands(operands) {
		files := []string{operand}
		if _, members, err := archive.Members(operand); err == nil {
			for _, m := range members {
				files = append(files, m.Path)
			}
		}
		for _, file := range files {
			if isIn(out, file) {
				return usageError{fmt.Errorf("%s is part of the input %s; choose another name", path, operand)}
			}
		}
	}
	return nil
}

// isIn reports whether a file is the one at root, or is below it.
func isIn(file fs.FileInfo, root string) bool {
	found := errors.New("found")
	if to, err := filepath.EvalSymlinks(root); err == nil {
		root = to
	}
	err := filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // reading it will tell
		}
		if info, err := e.Info(); err == nil && os.SameFile(info, file) {
			return found
		}
		return nil
	})
	return errors.Is(err, found)
}

// toOutput writes to standard output or, complete or not at all, to a file. What
// is there already is replaced if it is a file; a pipe or device is written to.
func toOutput(ctx context.Context, s streams, path string, write func(io.Writer) error) error {
	if path == "" || path == "-" {
		return write(endingWriter{ctx, exact(s.out)})
	}
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(endingWriter{ctx, f}), f.Close())
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	return replaceFile(ctx, path, write)
}

// replaceFile makes the file path of what write writes. Others may do the same at
// the same time: the last one's file stays.
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
	w := bufio.NewWriter(endingWriter{ctx, f})
	err = cmp.Or(write(w), w.Flush())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// endingWriter takes no more after the end of a context.
type endingWriter struct {
	ctx context.Context
	io.Writer
}

// Write writes, unless the context has ended.
func (w endingWriter) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(b)
}

// writtenOutput is what is printed of a text file.
type writtenOutput struct {
	File   string           `json:"file"`
	Losses []prom.LossCount `json:"losses"`
}

// checkTextReport refuses a report where the text itself goes.
func checkTextReport(file string, format outputFormat) error {
	if format == outputJSON && (file == "" || file == "-") {
		return usageError{errors.New("--output json tells of a file, and this is standard output: name one")}
	}
	return nil
}

// tellText tells a program what was written to a file. People see that.
func tellText(s streams, file string, format outputFormat, report *prom.Report) error {
	if format != outputJSON {
		return nil
	}
	return writeJSON(s.out, writtenOutput{File: file, Losses: report.Losses()})
}
