package labelset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// New returns a set of labels of one level, as compact JSON sorted by name. If
// a name occurs twice, the later label wins. Errors wrap [pcp.ErrLimit] for too
// many or too long labels, and [pcp.ErrRange] for an unusable name or value.
func New(level Level, labels ...Label) (Set, error) {
	labels = slices.Clone(labels)
	for i := range labels {
		labels[i].Level = level
		if err := labels[i].check(); err != nil {
			return Set{}, err
		}
	}
	return build(labels)
}

// check rejects a name or value that would not yield valid JSON.
func (l Label) check() error {
	if i := strings.IndexFunc(l.Name, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' }); i >= 0 {
		return fmt.Errorf("label name %q: %w", l.Name, pcp.ErrRange)
	}
	p := parser{text: l.Value}
	if p.value(); p.err == nil && p.at < len(p.text) {
		p.fail("text after the value")
	}
	return p.err
}

// Merge returns the labels that a client sees. Pass the sets in the order of
// [Levels]: a later set wins over an earlier one. Labels keep the level they
// came from. An error wraps [pcp.ErrLimit] if the result exceeds the limits of
// a set, or [pcp.ErrRange] if a damaged set contains an invalid name.
func Merge(sets ...Set) (Set, error) {
	var all []Label
	for _, s := range sets {
		for l := range s.All() {
			all = append(all, l)
		}
	}
	return build(all)
}

// build sorts labels, removes repeated names and assembles a set. It takes
// ownership of labels.
func build(labels []Label) (Set, error) {
	slices.SortStableFunc(labels, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	kept := labels[:0]
	for i, l := range labels {
		if i+1 < len(labels) && labels[i+1].Name == l.Name {
			continue
		}
		kept = append(kept, l)
	}
	if len(kept) == 0 {
		return Set{}, nil
	}
	if len(kept) > MaxLabels {
		return Set{}, fmt.Errorf("label set with %d labels: %w", len(kept), pcp.ErrLimit)
	}
	size := 1
	for _, l := range kept {
		if l.Name == "" || len(l.Name) > MaxName {
			return Set{}, fmt.Errorf("label name of %d bytes: %w", len(l.Name), pcp.ErrRange)
		}
		size += len(l.Name) + len(l.Value) + 4
	}
	if size > MaxJSON {
		return Set{}, fmt.Errorf("label set of %d bytes: %w", size, pcp.ErrLimit)
	}
	return assemble(kept, size), nil
}

// assemble writes labels, which must be sorted, unique and within the limits.
// size is a capacity hint in bytes.
func assemble(labels []Label, size int) Set {
	var b strings.Builder
	b.Grow(size)
	index := make([]entry, len(labels))
	for i, l := range labels {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteByte('"')
		e := entry{nameOff: uint16(b.Len()), nameLen: uint8(len(l.Name)), flags: uint8(l.Level) | uint8(l.Flags)}
		if strings.ContainsRune(l.Name, '.') {
			e.flags |= uint8(Compound)
		}
		b.WriteString(l.Name)
		b.WriteString(`":`)
		e.valueOff, e.valueLen = uint16(b.Len()), uint16(len(l.Value))
		b.WriteString(l.Value)
		index[i] = e
	}
	b.WriteByte('}')
	return Set{&contents{json: b.String(), index: index}}
}

// quote returns s as a JSON string. It escapes only the bytes that JSON
// requires.
func quote(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
