package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/decomp"
)

// end is a kind of data that a conversion starts from or ends with. It is the
// value of --from and --to.
type end string

const (
	endAuto        end = ""
	endArchive     end = "archive"
	endBlocks      end = "blocks"
	endText        end = "text"
	endOpenMetrics end = "openmetrics"
	endJSON        end = "json"
)

// String returns the kind's name.
func (e *end) String() string { return string(*e) }

// Set accepts a kind.
func (e *end) Set(s string) error {
	switch k := end(s); k {
	case endArchive, endBlocks, endText, endOpenMetrics, endJSON:
		*e = k
		return nil
	}
	return fmt.Errorf("want archive, blocks, text, openmetrics or json")
}

// Type names the value in help.
func (*end) Type() string { return "kind" }

// inputKind tells what operands hold. All must be of one kind.
func inputKind(in streams, paths []string) (end, streams, error) {
	kind := endAuto
	for _, path := range paths {
		var k end
		var err error
		if path == "-" {
			k, in, err = sniffStream(in)
		} else {
			k, err = pathKind(path)
		}
		switch {
		case err != nil:
			return "", in, err
		case kind != endAuto && k != kind:
			return "", in, usageError{fmt.Errorf("%s holds %s and %s holds %s: convert them one after the other, or say --from", paths[0], kind, path, k)}
		}
		kind = k
	}
	return kind, in, nil
}

// pathKind tells what a file or folder holds.
func pathKind(path string) (end, error) {
	if _, _, err := archive.Members(path); err == nil {
		return endArchive, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && strings.Contains(path, ",") {
		return endArchive, nil // a list
	}
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return folderKind(path)
	}
	if !info.Mode().IsRegular() {
		return "", usageError{fmt.Errorf("%s can be read but once: say with --from what it holds", path)}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r := io.Reader(f)
	head := make([]byte, 16)
	if n, _ := f.ReadAt(head, 0); decomp.Detect(head[:n]) != decomp.Plain {
		d, err := decomp.Open(f, decomp.ID{Name: path, Size: info.Size(), ModTime: info.ModTime()}, decomp.Limits{}, decomp.NewCache(0))
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		packed := d.NewReader(0)
		defer packed.Close()
		r = packed
	}
	start, err := io.ReadAll(io.LimitReader(r, sniffed))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	k, err := kindOfText(start)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// folderKind tells what a folder holds, by the first file that says so.
func folderKind(dir string) (end, error) {
	if isBlock(dir) || isFolder(filepath.Join(dir, "wal")) {
		return endBlocks, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	found := endAuto
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() && isBlock(filepath.Join(dir, name)):
			return endBlocks, nil
		case strings.Contains(name, ".meta"):
			return endArchive, nil
		case strings.HasSuffix(name, ".json"):
			found = endJSON
		case strings.HasSuffix(name, ".prom"), strings.HasSuffix(name, ".txt"), strings.HasSuffix(name, ".om"):
			found = endText
		}
	}
	if below, _ := archivesBelow(dir); found == endAuto && len(below) > 0 {
		return endArchive, nil
	}
	if found == endAuto {
		return "", fmt.Errorf("%s: a folder without archives, blocks, pages (*.prom, *.txt, *.om) or replies (*.json); --from says what it is", dir)
	}
	return found, nil
}

func isBlock(dir string) bool {
	_, errMeta := os.Stat(filepath.Join(dir, "meta.json"))
	_, errIndex := os.Stat(filepath.Join(dir, "index"))
	return errMeta == nil && errIndex == nil
}

// sniffed is how much of a file is looked at.
const sniffed = 4096

// kindOfText tells text from JSON, and refuses what is neither.
func kindOfText(start []byte) (end, error) {
	text := bytes.TrimLeft(start, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{\"")) && bytes.ContainsAny(text[2:min(len(text), 40)], ":") && !bytes.Contains(text[:min(len(text), 200)], []byte("\"} ")),
		bytes.HasPrefix(text, []byte("[")), bytes.HasPrefix(text, []byte("{ ")), bytes.HasPrefix(text, []byte("{\n")):
		return endJSON, nil
	case bytes.IndexByte(text, 0) >= 0:
		return "", errors.New("neither an archive nor text; --from says what it is")
	}
	return endText, nil
}

// sniffStream tells what standard input holds without taking any of it away.
func sniffStream(s streams) (end, streams, error) {
	start := make([]byte, sniffed)
	n, err := io.ReadFull(s.in, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", s, fmt.Errorf("standard input: %w", err)
	}
	s.in = io.MultiReader(bytes.NewReader(start[:n]), s.in)
	k, err := kindOfText(start[:n])
	if err != nil {
		return "", s, fmt.Errorf("standard input: %w", err)
	}
	return k, s, nil
}

// outputKind tells from its name what is to be written.
func outputKind(path string) end {
	switch {
	case path == "-", strings.HasSuffix(path, ".prom"), strings.HasSuffix(path, ".txt"):
		return endText
	case strings.HasSuffix(path, ".om"), strings.HasSuffix(path, ".openmetrics"):
		return endOpenMetrics
	case strings.HasSuffix(path, "/"), isFolder(path):
		return endBlocks
	}
	return endArchive
}
