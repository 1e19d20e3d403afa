package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// peek returns the next token without taking it.
func (p *parser) peek() (token, error) {
	if !p.ahead {
		t, err := p.lexer.next()
		if err != nil {
			return t, err
		}
		p.token, p.ahead = t, true
	}
	return p.token, nil
}

// next takes the next token.
func (p *parser) next() (token, error) {
	t, err := p.peek()
	p.ahead, p.last = false, t
	return t, err
}

// fail returns a *SyntaxError at a token.
func fail(t token, format string, args ...any) error {
	return &SyntaxError{t.pos, fmt.Sprintf(format, args...)}
}

// want returns the error that a token is not what the grammar wants.
func want(t token, what string) error { return fail(t, "want %s, found %s", what, t) }

// is reports whether a token is a keyword; case does not matter.
func (t token) is(keyword string) bool {
	return t.kind == kindWord && strings.EqualFold(t.text, keyword)
}

// accept takes the next token if it is a keyword.
func (p *parser) accept(keyword string) (bool, error) {
	t, err := p.peek()
	if err != nil || !t.is(keyword) {
		return false, err
	}
	p.ahead = false
	return true, nil
}

// punct takes a punctuation mark.
func (p *parser) punct(text string) error {
	t, err := p.next()
	if err == nil && (t.kind != kindPunct || t.text != text) {
		err = want(t, text)
	}
	return err
}

// arrow takes an arrow.
func (p *parser) arrow(after string) error {
	t, err := p.next()
	if err == nil && t.kind != kindArrow {
		err = want(t, "-> after "+after)
	}
	return err
}

// word takes a word.
func (p *parser) word(what string) (token, error) {
	t, err := p.next()
	if err == nil && t.kind != kindWord {
		err = want(t, what)
	}
	return t, err
}

// str takes a string and returns its text.
func (p *parser) str(what string) (string, error) {
	t, err := p.next()
	if err == nil && t.kind != kindString {
		err = want(t, what+" in quotes")
	}
	return unescape(t.text), err
}

// number takes a whole number in a range.
func (p *parser) number(what string, lowest, highest int64) (int64, error) {
	t, err := p.word(what)
	if err != nil {
		return 0, err
	}
	if t.text == "+" || t.text == "-" { // a blank may follow the sign
		digits, err := p.word(what)
		if err != nil {
			return 0, err
		}
		t.text += digits.text
	}
	return numberOf(t, t.text, what, lowest, highest)
}

// numberOf returns the number in a part of a token.
func numberOf(t token, text, what string, lowest, highest int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, want(t, what)
	case err != nil || n < lowest || n > highest:
		return 0, fail(t, "%s %s is not between %d and %d", what, text, lowest, highest)
	}
	return n, nil
}
