// Package glob matches names with lists of patterns, as PCP's web interface does: exactly,
// by the wildcards of the shell, or by regular expressions.
package glob

import (
	"fmt"
	"regexp"
	"slices"
)

// Mode says what a pattern is.
type Mode string

// The modes, as requests name them.
const (
	Exact Mode = "exact"
	Glob  Mode = "glob"
	Regex Mode = "regex"
)

// ParseMode parses a mode.
func ParseMode(text string) (Mode, error) {
	switch m := Mode(text); m {
	case Exact, Glob, Regex:
		return m, nil
	}
	return "", fmt.Errorf("match %q: want exact, glob or regex", text)
}

// Patterns matches names that one of its patterns describes. The zero Patterns match no
// name.
type Patterns struct {
	mode  Mode
	texts []string
	exprs []*regexp.Regexp
}

// New returns Patterns of a mode. The error is that of a regular expression.
func New(mode Mode, texts []string) (Patterns, error) {
	p := Patterns{mode: mode, texts: texts}
	if mode != Regex {
		return p, nil
	}
	for _, text := range texts {
		expr, err := regexp.Compile(text)
		if err != nil {
			return Patterns{}, err
		}
		p.exprs = append(p.exprs, expr)
	}
	return p, nil
}

// Empty reports whether there is no pattern.
func (p *Patterns) Empty() bool { return len(p.texts) == 0 }

// Match reports whether one of the patterns describes a name.
func (p *Patterns) Match(name string) bool {
	switch p.mode {
	case Regex:
		return slices.ContainsFunc(p.exprs, func(e *regexp.Regexp) bool { return e.MatchString(name) })
	case Glob:
		return slices.ContainsFunc(p.texts, func(text string) bool { return Match(text, name) })
	}
	return slices.Contains(p.texts, name)
}

// Match reports whether a text matches a pattern as fnmatch does without flags: a star
// stands for any bytes, ? for one, [a-z] and [!a-z] for one of a set, and a backslash takes
// the next byte literally. It takes time proportional to the product of the lengths at
// worst.
func Match(pattern, text string) bool {
	p, t := 0, 0
	star, resume := -1, 0 // where to go on if what follows a star does not match
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, resume = p, t
			continue
		}
		if width := one(pattern[p:], text[t]); width > 0 {
			p += width
			t++
			continue
		}
		if star < 0 {
			return false
		}
		resume++
		p, t = star, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// one returns the length of the pattern's first element if it matches a byte, else 0.
func one(pattern string, c byte) (width int) {
	if pattern == "" {
		return 0
	}
	ok := pattern[0] == c
	width = 1
	switch pattern[0] {
	case '?':
		ok = true
	case '[':
		if n, within := set(pattern, c); n > 0 {
			width, ok = n, within
		}
	case '\\':
		if len(pattern) > 1 {
			width, ok = 2, pattern[1] == c
		}
	}
	if !ok {
		return 0
	}
	return width
}

// set returns the length of the set in brackets at the beginning of a pattern, and whether it
// has a byte. The length is 0 if the bracket has no end and stands for itself.
func set(pattern string, c byte) (width int, within bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := i; i < len(pattern); i++ {
		if pattern[i] == ']' && i > first {
			return i + 1, within != negated
		}
		low, high := pattern[i], pattern[i]
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			high = pattern[i+2]
			i += 2
		}
		within = within || low <= c && c <= high
	}
	return 0, false
}
