package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fileInput is a file that is read, or standard input, with its progress.
type fileInput struct {
	name string
	size int64 // -1: not known
	time time.Time
}

// statInputs looks at the files that were named. A folder stands for the files
// in it whose names end in one of some ways, in order of name.
func statInputs(names []string, suffixes ...string) ([]fileInput, error) {
	var all []fileInput
	for _, name := range names {
		if name == "-" {
			all = append(all, fileInput{name: "standard input", size: -1, time: time.Now()})
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			all = append(all, fileInput{name, info.Size(), info.ModTime()})
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		found := 0
		for _, e := range entries {
			if !slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
				continue
			}
			in := fileInput{name: filepath.Join(name, e.Name())}
			if info, err := os.Stat(in.name); err == nil { // or else opening it tells
				if !info.Mode().IsRegular() {
					continue
				}
				in.size, in.time = info.Size(), info.ModTime()
			}
			all = append(all, in)
			found++
		}
		if found == 0 {
			return nil, fmt.Errorf("%s: no file in it ends in %s", name, strings.Join(suffixes, " or "))
		}
	}
	return all, nil
}
