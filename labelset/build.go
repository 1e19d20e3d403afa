package labelset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// New returns the labels as a set of one level, in compact JSON sorted by name.
// Of two labels with one name the later wins. Errors wrap [pcp.ErrLimit] or,
// for an unusable name or value, [pcp.ErrRange].
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

// check refuses what would not be JSON when it is assembled.
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

// Merge returns the labels that a client sees: later sets win over earlier
// ones, labels keep the level they came from. Give the sets in the order of
// [Levels]. An error wraps [pcp.ErrLimit], where they are more than a set holds
// together, or [pcp.ErrRange], for the names of a set that was damaged.
func Merge(sets ...Set) (Set, error) {
	var all []Label
	for _, s := range sets {
		for l := range s.All() {
			all = append(all, l)
		}
	}
	return build(all)
}

// build takes ownership of labels.
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
		return Set{}, fmt.Errorf("%d labels: %w", len(kept), pcp.ErrLimit)
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

// assemble writes sorted, unique labels that are known to fit.
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
	return Set{json: b.String(), index: index}
}

// quote returns s as a JSON string. Bytes that need no escape stay as they are.
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
