package csv

import (
	"fmt"
	"strings"
)

// place is the metric and the instance for which a column stands.
type place struct {
	name, instance string
	singular       bool // the metric has no instances
}

// maxHeader limits the length of names of metrics and instances. The rest of a longer header
// does not count.
const maxHeader = 1024

// placeOf returns the place that a header names: a metric, or name[instance].
func placeOf(header, prefix string, column int) place {
	header = strings.TrimSpace(header)
	if len(header) > maxHeader {
		header = header[:maxHeader]
	}
	p := place{singular: true}
	if name, rest, found := strings.Cut(header, "["); found && name != "" && len(rest) > 1 && strings.HasSuffix(rest, "]") {
		header, p.instance, p.singular = name, strings.ReplaceAll(rest[:len(rest)-1], "\x00", "_"), false
	}
	p.name = validName(header)
	if p.name == "" {
		p.name = fmt.Sprintf("column_%d", column)
	}
	switch {
	case prefix != "":
		p.name = prefix + "." + p.name
	case !strings.Contains(p.name, "."):
		p.name = DefaultPrefix + "." + p.name
	}
	return p
}

// validName turns a text into a name that PCP allows: parts with dots between them, of
// letters, digits and _, each beginning with a letter. It returns "" if the text has no
// letter and no digit.
func validName(text string) string {
	var parts []string
	for part := range strings.SplitSeq(text, ".") {
		if part = validPart(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ".")
}

// validPart turns a text into one part of a name. One _ stands for a run of other
// characters; those at the ends of the text are dropped.
func validPart(text string) string {
	var b strings.Builder
	gap := false
	for i := range len(text) {
		c := text[i]
		switch {
		case isLetter(c) || c >= '0' && c <= '9' || c == '_' && b.Len() > 0:
			if b.Len() == 0 && !isLetter(c) {
				b.WriteByte('n')
			} else if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			b.WriteByte(c)
			gap = false
		default:
			gap = true
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// uniqueNames gives columns whose headers become the same name different names. The
// name space is a tree, so a name that is a branch for others must differ as well.
type uniqueNames struct {
	leaves   map[string]bool // name of a metric: whether it is singular
	branches map[string]bool
	columns  map[place]bool
	next     map[place]int // the next number for columns of the same place
}

func newUniqueNames() *uniqueNames {
	return &uniqueNames{map[string]bool{}, map[string]bool{}, map[place]bool{}, map[place]int{}}
}

// free reports whether a place can have its name.
func (u *uniqueNames) free(p place) bool {
	singular, taken := u.leaves[p.name]
	return !u.branches[p.name] && !u.columns[p] && (!taken || singular == p.singular) && !u.belowLeaf(p.name)
}

// belowLeaf reports whether a metric stands where the name needs a branch.
func (u *uniqueNames) belowLeaf(name string) bool {
	for i := range len(name) {
		if _, leaf := u.leaves[name[:i]]; leaf && name[i] == '.' {
			return true
		}
	}
	return false
}

// add takes the name of a place.
func (u *uniqueNames) add(p place) {
	u.leaves[p.name], u.columns[p] = p.singular, true
	for i := range len(p.name) {
		if p.name[i] == '.' {
			u.branches[p.name[:i]] = true
		}
	}
}

// unique returns the place with a name that is free. Names have at least two parts, and
// no metric stands at the first, so the loop ends.
func (u *uniqueNames) unique(p place) place {
	base := p.name
	if u.belowLeaf(base) {
		top, rest, _ := strings.Cut(base, ".")
		base = top + "." + strings.ReplaceAll(rest, ".", "_")
	}
	p.name = base
	wanted, n := p, max(2, u.next[p])
	for ; !u.free(p); n++ {
		p.name = fmt.Sprintf("%s_%d", base, n)
	}
	u.next[wanted] = n
	u.add(p)
	return p
}
