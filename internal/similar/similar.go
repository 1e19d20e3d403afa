// Package similar finds the names that a mistyped name may stand for.
package similar

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

const (
	maxNames = 3 // names that Names returns at most
	maxEdits = 2 // edits that a similar name needs at most
)

// Names returns a few of the known names, the most similar first: those that
// contain name, and those that differ from it by one or two edits.
func Names(name string, known iter.Seq[string]) []string {
	edits := map[string]int{}
	for k := range known {
		if _, ok := edits[k]; ok {
			continue
		}
		if n := distance(k, name); n <= maxEdits || strings.Contains(k, name) {
			edits[k] = n
		}
	}
	names := make([]string, 0, len(edits))
	for k := range edits {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(edits[a], edits[b]), strings.Compare(a, b))
	})
	return names[:min(len(names), maxNames)]
}

// distance returns the number of edits that turn one name into another. An edit
// changes, adds or removes a byte, or swaps two neighbors.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
