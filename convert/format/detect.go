package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/store"
)

// headSize is the number of bytes at the beginning of a file that Detect reads.
const headSize = 4096

// detectFile returns the format of a file by its beginning, decompressed.
func detectFile(path string) (Format, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Unknown, err
	}
	if !info.Mode().IsRegular() {
		return Unknown, ErrNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return Unknown, err
	}
	defer f.Close()
	r := io.Reader(f)
	magic := make([]byte, 16)
	if n, _ := f.ReadAt(magic, 0); decomp.Detect(magic[:n]) != decomp.Plain {
		d, err := decomp.Open(f, decomp.ID{Name: path, Size: info.Size(), ModTime: info.ModTime()}, decomp.Limits{}, decomp.NewCache(0))
		if err != nil {
			return Unknown, err
		}
		packed := d.NewReader(0)
		defer packed.Close()
		r = packed
	}
	head, err := io.ReadAll(io.LimitReader(r, headSize))
	if err != nil {
		return Unknown, err
	}
	return detectHead(head)
}

// DetectReader returns the format of a stream of text or JSON, and a reader of the
// whole stream. The error wraps [ErrUnknown] for anything else.
func DetectReader(r io.Reader) (Format, io.Reader, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !eof.Is(err) {
		return Unknown, r, err
	}
	f, err := detectHead(head[:n])
	return f, io.MultiReader(bytes.NewReader(head[:n]), r), err
}

// detectHead distinguishes text from JSON by the beginning of a file, and rejects other
// data. A line of text may begin with {"name"} as well.
func detectHead(head []byte) (Format, error) {
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{\"")) && bytes.ContainsAny(text[2:min(len(text), 40)], ":") && !bytes.Contains(text[:min(len(text), 200)], []byte("\"} ")),
		bytes.HasPrefix(text, []byte("[")), bytes.HasPrefix(text, []byte("{ ")), bytes.HasPrefix(text, []byte("{\n")):
		return JSON, nil
	case bytes.IndexByte(text, 0) >= 0:
		return Unknown, unknownError{"neither an archive nor text"}
	}
	return Text, nil
}

// detectFolder returns the format of a folder, by the first file that decides it.
func detectFolder(dir string) (Format, error) {
	if isBlock(dir) || isFolder(filepath.Join(dir, "wal")) {
		return Blocks, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Unknown, err
	}
	found := Unknown
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() && isBlock(filepath.Join(dir, name)):
			return Blocks, nil
		case strings.Contains(name, ".meta"):
			return Archive, nil
		case strings.HasSuffix(name, ".json"):
			found = JSON
		case strings.HasSuffix(name, ".prom"), strings.HasSuffix(name, ".txt"), strings.HasSuffix(name, ".om"):
			found = Text
		}
	}
	if found == Unknown && store.Holds(dir) {
		return Archive, nil
	}
	if found == Unknown {
		return Unknown, unknownError{fmt.Sprintf("%s: a folder without archives, blocks, pages (*.prom, *.txt, *.om) or replies (*.json)", dir)}
	}
	return found, nil
}

func isBlock(dir string) bool {
	_, errMeta := os.Stat(filepath.Join(dir, "meta.json"))
	_, errIndex := os.Stat(filepath.Join(dir, "index"))
	return errMeta == nil && errIndex == nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// hasPath reports whether an error names its file.
func hasPath(err error) bool { return errors.As(err, new(*fs.PathError)) }
