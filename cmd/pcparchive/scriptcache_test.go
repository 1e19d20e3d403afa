package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdAge makes the files that a pattern matches a day old, as nobody writes them any
// more.
func cmdAge(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "age PATTERN")
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, path := range matched(ts, args[0]) {
		ts.Check(os.Chtimes(path, yesterday, yesterday))
	}
}

// cmdFlip changes the byte in the middle of the files that a pattern matches.
func cmdFlip(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "flip PATTERN")
	for _, path := range matched(ts, args[0]) {
		data, err := os.ReadFile(path)
		ts.Check(err)
		data[len(data)/2] ^= 1
		ts.Check(os.WriteFile(path, data, 0o600))
	}
}

func matched(ts *testscript.TestScript, pattern string) []string {
	paths, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(paths) == 0 {
		ts.Fatalf("no file %s", pattern)
	}
	return paths
}
