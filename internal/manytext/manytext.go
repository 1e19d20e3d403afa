// Package manytext finds many texts at once, in strings and in streams of bytes, by the
// algorithm of Aho and Corasick.
//
//	f := manytext.New([]string{"web1", "alice"})
//	for m := range manytext.All(f, "/home/alice") {
//		fmt.Println(m.From, m.To, f.Text(m.Index))
//	}
//
// The automaton holds only the last bytes of long texts and compares the rest, so that its
// memory depends on the number of the texts and little on their length.
package manytext

import (
	"iter"
	"slices"
)

// keySize is the number of bytes at the end of a text that the automaton holds.
const keySize = 32

// denseFrom is the number of children from which a node has a table of them.
const denseFrom = 6

// node is a state of the automaton. Index 0 is the root, and also stands for "none".
type node struct {
	fail  int32 // state after the longest proper suffix
	found int32 // nearest state on the chain of fails, itself included, where texts end
	child int32 // first child, or the number of its table
	next  int32 // next child of the parent
	char  byte
	dense bool
}

// Finder finds texts. Several goroutines may use it.
type Finder struct {
	texts  []string
	nodes  []node
	tables [][256]int32
	ends   map[int32][]int32 // texts that end in a state, longest first
}

// Match is an occurrence of a text.
type Match struct {
	From, To int
	Index    int // of the text
}

// New returns a Finder of texts. It ignores empty texts.
func New(texts []string) *Finder {
	f := &Finder{texts: texts, nodes: make([]node, 1), ends: map[int32][]int32{}}
	for i, text := range texts {
		if text != "" {
			f.add(text, int32(i))
		}
	}
	for at := range f.ends {
		slices.SortStableFunc(f.ends[at], func(a, b int32) int { return len(texts[b]) - len(texts[a]) })
	}
	f.link()
	return f
}

// Len returns the number of texts.
func (f *Finder) Len() int { return len(f.texts) }

// Text returns a text by its index.
func (f *Finder) Text(index int) string { return f.texts[index] }

// add adds the key of a text to the trie.
func (f *Finder) add(text string, index int32) {
	at := int32(0)
	for _, c := range []byte(text[max(0, len(text)-keySize):]) {
		next := f.step(at, c)
		if next == 0 {
			next = int32(len(f.nodes))
			f.nodes = append(f.nodes, node{char: c, next: f.nodes[at].child})
			f.nodes[at].child = next
		}
		at = next
	}
	f.ends[at] = append(f.ends[at], index)
}

// step returns the child of a state for a byte, or 0.
func (f *Finder) step(at int32, c byte) int32 {
	n := &f.nodes[at]
	if n.dense {
		return f.tables[n.child][c]
	}
	next := n.child
	for next != 0 && f.nodes[next].char != c {
		next = f.nodes[next].next
	}
	return next
}

// link sets the links of all states in the order of their depth, and makes the tables.
func (f *Finder) link() {
	queue := []int32{0}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		children := 0
		for c := f.nodes[at].child; c != 0; c = f.nodes[c].next {
			children++
			queue = append(queue, c)
			fail := f.nodes[at].fail
			if at != 0 {
				fail = f.after(fail, f.nodes[c].char)
			}
			f.nodes[c].fail = fail
			f.nodes[c].found = f.nodes[fail].found
			if f.ends[c] != nil {
				f.nodes[c].found = c
			}
		}
		if children >= denseFrom {
			f.tabulate(at)
		}
	}
}

// tabulate makes a table of a state's children.
func (f *Finder) tabulate(at int32) {
	var table [256]int32
	for c := f.nodes[at].child; c != 0; c = f.nodes[c].next {
		table[f.nodes[c].char] = c
	}
	f.nodes[at].child, f.nodes[at].dense = int32(len(f.tables)), true
	f.tables = append(f.tables, table)
}

// after returns the state that follows a state and a byte.
func (f *Finder) after(at int32, c byte) int32 {
	for {
		if next := f.step(at, c); next != 0 || at == 0 {
			return next
		}
		at = f.nodes[at].fail
	}
}

// All yields the occurrences of all texts in text, in the order of their ends, the longest
// first of those with the same end.
func All[T string | []byte](f *Finder, text T) iter.Seq[Match] {
	return func(yield func(Match) bool) {
		state := int32(0)
		for i := range len(text) {
			state = f.after(state, text[i])
			if f.nodes[state].found != 0 && !report(f, state, text, i+1, yield) {
				return
			}
		}
	}
}

// report yields the texts that end at an offset. It returns false to stop.
func report[T string | []byte](f *Finder, state int32, text T, end int, yield func(Match) bool) bool {
	for at := f.nodes[state].found; at != 0; at = f.nodes[f.nodes[at].fail].found {
		for _, index := range f.ends[at] {
			want := f.texts[index]
			from := end - len(want)
			if from >= 0 && string(text[from:end]) == want && !yield(Match{from, end, int(index)}) {
				return false
			}
		}
	}
	return true
}
