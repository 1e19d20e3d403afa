package labelset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// Parse parses a JSON object as the labels of one level and keeps the text
// unchanged. White space alone yields an empty set. Errors wrap [pcp.ErrRange]
// for invalid text, and [pcp.ErrLimit] where the text exceeds the limits of the
// format.
func Parse(text string, level Level) (Set, error) {
	if len(text) > MaxJSON {
		return Set{}, fmt.Errorf("label set of %d bytes: %w", len(text), pcp.ErrLimit)
	}
	p := parser{text: text, level: level}
	p.space()
	if p.at == len(text) {
		return Set{}, nil
	}
	p.object("")
	p.space()
	if p.err == nil && p.at < len(text) {
		p.fail("text after the object")
	}
	if p.err != nil {
		return Set{}, p.err
	}
	return p.set()
}

// parser collects the labels of a JSON object as slices of its text.
type parser struct {
	text  string
	at    int
	depth int
	level Level
	found []named
	err   error
}

type named struct {
	entry
	name string
}

const maxDepth = 32 // nesting depth of objects and arrays

func (p *parser) set() (Set, error) {
	slices.SortStableFunc(p.found, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	if len(p.found) > MaxLabels {
		return Set{}, fmt.Errorf("label set with %d labels: %w", len(p.found), pcp.ErrLimit)
	}
	if len(p.found) == 0 {
		return Set{}, nil
	}
	c := &contents{json: p.text, index: make([]entry, len(p.found))}
	for i, f := range p.found {
		if i > 0 && f.name == p.found[i-1].name {
			return Set{}, fmt.Errorf("duplicate label %q: %w", f.name, pcp.ErrRange)
		}
		c.index[i] = f.entry
		if int(f.nameLen) != len(f.name) && c.odd == nil {
			c.odd = &odd{dotted: make([]string, len(p.found))}
		}
	}
	if c.odd != nil {
		for i := range p.found {
			c.odd.dotted[i] = p.found[i].name
		}
	}
	return Set{c}, nil
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("labels %.80q: byte %d: %s: %w", p.text, p.at, what, pcp.ErrRange)
	}
	p.at = len(p.text)
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// next skips white space and, if c follows, consumes it and returns true.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(c byte) {
	if !p.next(c) {
		p.fail(fmt.Sprintf("expected %q", c))
	}
}

// object parses an object and records its members under prefix.
func (p *parser) object(prefix string) {
	p.expect('{')
	if p.next('}') {
		return
	}
	for p.err == nil {
		p.member(prefix)
		if p.next('}') {
			return
		}
		p.expect(',')
	}
}

func (p *parser) member(prefix string) {
	p.space()
	from, to := p.str()
	if p.err != nil {
		return
	}
	key := p.text[from+1 : to-1]
	switch {
	case key == "":
		p.fail("empty name")
	case len(prefix)+len(key) > MaxName:
		p.fail("name too long")
	}
	p.expect(':')
	p.space()
	if p.err != nil {
		return
	}
	e := entry{nameOff: uint16(from + 1), nameLen: uint8(len(key)), flags: uint8(p.level)}
	if prefix != "" || strings.ContainsRune(key, '.') {
		e.flags |= uint8(Compound)
	}
	start := p.at
	if p.nested() {
		p.depth++
		if p.depth > maxDepth {
			p.fail("nested too deep")
		}
		p.object(prefix + key + ".")
		p.depth--
		return
	}
	if strings.HasPrefix(p.text[p.at:], "{") {
		e.flags |= uint8(Compound)
	}
	p.value()
	if p.err == nil {
		e.valueOff, e.valueLen = uint16(start), uint16(p.at-start)
		p.found = append(p.found, named{e, prefix + key})
	}
}

// nested reports whether a non-empty object follows.
func (p *parser) nested() bool {
	rest := p.text[p.at:]
	return strings.HasPrefix(rest, "{") && !strings.HasPrefix(strings.TrimLeft(rest[1:], " \t\r\n"), "}")
}

// str skips a string and returns its bounds, quotes included.
func (p *parser) str() (from, to int) {
	from = p.at
	if !p.next('"') {
		p.fail("expected a string")
		return 0, 0
	}
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return from, p.at
		}
	}
	p.fail("string does not end")
	return 0, 0
}

// value skips any value.
func (p *parser) value() {
	p.space()
	switch {
	case p.at == len(p.text):
		p.fail("expected a value")
	case p.text[p.at] == '"':
		p.str()
	case p.text[p.at] == '[':
		p.bracketed(']')
	case p.text[p.at] == '{':
		p.bracketed('}')
	default:
		start := p.at
		for p.at < len(p.text) && strings.IndexByte(",]} \t\r\n", p.text[p.at]) < 0 {
			p.at++
		}
		if !isScalar(p.text[start:p.at]) {
			p.at = start
			p.fail("expected a value")
		}
	}
}

// bracketed skips an array or object whose members are not labels.
func (p *parser) bracketed(end byte) {
	p.at++
	if p.depth++; p.depth > maxDepth {
		p.fail("nested too deep")
	}
	for !p.next(end) && p.err == nil {
		p.value()
		if !p.next(',') {
			p.next(':')
		}
	}
	p.depth--
}

// isScalar reports whether s is true, false, null or a number.
func isScalar(s string) bool {
	if s == "true" || s == "false" || s == "null" {
		return true
	}
	digits := false
	for _, c := range s {
		if c >= '0' && c <= '9' {
			digits = true
		} else if !strings.ContainsRune("+-.eE", c) {
			return false
		}
	}
	return digits
}
