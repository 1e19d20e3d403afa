package main

import (
	"bytes"
	"io"
)

// arrayWriter writes a JSON array of objects that come one per line. Each Write has
// whole lines.
type arrayWriter struct {
	w   io.Writer
	any bool // the array has an object
}

// Write writes the objects of some lines.
func (a *arrayWriter) Write(lines []byte) (int, error) {
	if len(lines) == 0 {
		return 0, nil
	}
	sep := "[\n"
	if a.any {
		sep = ",\n"
	}
	a.any = true
	objects := bytes.ReplaceAll(bytes.TrimSuffix(lines, []byte("\n")), []byte("\n"), []byte(",\n"))
	if _, err := io.WriteString(a.w, sep); err != nil {
		return 0, err
	}
	if _, err := a.w.Write(objects); err != nil {
		return 0, err
	}
	return len(lines), nil
}

// end closes the array.
func (a *arrayWriter) end() error {
	text := "\n]\n"
	if !a.any {
		text = "[]\n"
	}
	_, err := io.WriteString(a.w, text)
	return err
}
