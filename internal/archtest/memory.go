package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// inMemory is the folder that Linux keeps in memory, and memoryPrefix begins the names
// of the folders that InMemory makes there. The number of their process follows.
const (
	inMemory     = "/dev/shm"
	memoryPrefix = "pcparchive-fuzz-"
)

// InMemory returns a folder for all executions of a fuzz target, in memory where the
// system has such a place: a disk waits longer than what is tested takes. The fuzzer
// kills its workers, whose folders stay. InMemory removes those of dead processes.
func InMemory(tb testing.TB) string {
	tb.Helper()
	removeAbandoned(inMemory)
	dir, err := os.MkdirTemp(inMemory, fmt.Sprintf("%s%d-", memoryPrefix, os.Getpid()))
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// removeAbandoned removes the folders of processes that are dead.
func removeAbandoned(root string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return // there is no such folder
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), memoryPrefix)
		text, _, numbered := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(text)
		if !ours || !numbered || err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid))); os.IsNotExist(err) {
			_ = os.RemoveAll(filepath.Join(root, e.Name())) // the next run tries again
		}
	}
}
