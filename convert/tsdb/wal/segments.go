package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// segments returns the segment files of a log in order: those of its last checkpoint,
// then those that follow the checkpoint.
func (r *replayer) segments(dir string) []string {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		r.damaged(dir, block.Reason(err))
		return nil
	}
	checkpoint, number := lastCheckpoint(entries)
	paths := r.checkpointSegments(dir, checkpoint)
	rest, first, gaps := segmentsAfter(number, dir, entries)
	if checkpoint != "" && len(rest) > 0 && first > number+1 {
		gaps = append([]int{number + 1}, gaps...)
	}
	for _, n := range gaps {
		r.damaged(dir, fmt.Errorf("segment %08d is missing", n))
	}
	paths = append(paths, rest...)
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			r.log.size += info.Size()
		}
	}
	return paths
}

// lastCheckpoint returns the name and the number of the last checkpoint among the
// entries of a log's folder. The name is empty and the number -1 if there is none.
func lastCheckpoint(entries []os.DirEntry) (name string, number int) {
	number = -1
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), "checkpoint.")
		if n, err := strconv.Atoi(digits); ok && err == nil && n > number && e.IsDir() {
			name, number = e.Name(), n
		}
	}
	return name, number
}

// checkpointSegments returns the segments in a checkpoint's folder. The name may be
// empty.
func (r *replayer) checkpointSegments(dir, name string) []string {
	if name == "" {
		return nil
	}
	dir = filepath.Join(dir, name)
	entries, err := os.ReadDir(dir)
	paths, _, _ := segmentsAfter(-1, dir, entries)
	if len(paths) == 0 && err == nil {
		err = errors.New("the checkpoint has no segment")
	}
	if err != nil {
		r.damaged(dir, block.Reason(err))
	}
	return paths
}

// segmentsAfter returns the segments in a folder whose number is greater than last. It
// also returns the number of the first of them, and the first number of each gap.
func segmentsAfter(last int, dir string, entries []os.DirEntry) (paths []string, first int, gaps []int) {
	var numbers []int
	names := map[int]string{}
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > last {
			numbers = append(numbers, n)
			names[n] = e.Name()
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		paths = append(paths, filepath.Join(dir, names[n]))
		if i == 0 {
			first = n
		} else if numbers[i-1]+1 != n {
			gaps = append(gaps, numbers[i-1]+1)
		}
	}
	return paths, first, gaps
}
