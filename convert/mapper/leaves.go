package mapper

import (
	"fmt"
	"strings"
)

// Leaves are the last parts of metric names, below a common first part. A leaf may
// have several components. The zero value is empty.
type Leaves struct {
	taken map[string]int // how often: leaves and, with a final dot, their ancestors
}

// Take returns name if it is free, else name with a number at the end, and takes
// it. A name is not free if it is taken, or if it or the other name would be a
// component of the other.
func (l *Leaves) Take(name string) string {
	leaf := name
	for n := 2; l.taken[leaf] > 0 || l.taken[leaf+"."] > 0 || l.hasAbove(leaf); n++ {
		leaf = fmt.Sprintf("%s_%d", name, n)
		if l.hasAbove(leaf) { // a number at the end cannot resolve this clash
			leaf = strings.ReplaceAll(leaf, ".", "_")
		}
	}
	l.Add(leaf, 1)
	return leaf
}

// Add takes a leaf n times, or gives it back if n is negative, whether it is free or not.
func (l *Leaves) Add(leaf string, n int) {
	if l.taken == nil {
		l.taken = map[string]int{}
	}
	l.add(leaf, n)
	for i, c := range leaf {
		if c == '.' {
			l.add(leaf[:i+1], n)
		}
	}
}

func (l *Leaves) add(name string, n int) {
	if l.taken[name] += n; l.taken[name] <= 0 {
		delete(l.taken, name)
	}
}

// Has reports whether a leaf is taken.
func (l *Leaves) Has(leaf string) bool { return l.taken[leaf] > 0 }

// hasAbove reports whether an ancestor of a leaf is itself taken.
func (l *Leaves) hasAbove(leaf string) bool {
	for i, c := range leaf {
		if c == '.' && l.taken[leaf[:i]] > 0 {
			return true
		}
	}
	return false
}
