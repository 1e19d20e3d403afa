package rules

import (
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// kind is the kind of a token.
type kind uint8

// The kinds.
const (
	kindEnd     kind = iota
	kindWord         // a keyword, a name or a number
	kindString       // "text"
	kindPattern      // /regular expression/
	kindArrow        // ->
	kindPunct        // one of { } ( ) ,
)

// token is a token of a file of rules.
type token struct {
	kind kind
	text string // for a string or a pattern: the text between the delimiters, as written
	pos  Pos
}

// String returns the token as messages show it.
func (t token) String() string {
	switch t.kind {
	case kindEnd:
		return "the end of the file"
	case kindString:
		return `"` + safetext.Cut(t.text, 40) + `"`
	case kindPattern:
		return "/" + safetext.Cut(t.text, 40) + "/"
	case kindArrow:
		return "->"
	}
	return safetext.Cut(t.text, 40)
}

// lexer splits a file of rules into tokens.
type lexer struct {
	file string
	text string
	at   int
	line int // of at, from 1
	head int // offset at which the line begins
}

// pos returns the position of an offset in the current line.
func (x *lexer) pos(at int) Pos {
	return Pos{File: x.file, Line: x.line, Column: 1 + utf8.RuneCountInString(x.text[x.head:at])}
}

// skip moves to an offset and counts the lines on the way.
func (x *lexer) skip(to int) {
	if n := strings.Count(x.text[x.at:to], "\n"); n > 0 {
		x.line += n
		x.head = x.at + strings.LastIndexByte(x.text[x.at:to], '\n') + 1
	}
	x.at = to
}

// next returns the next token.
func (x *lexer) next() (token, error) {
	x.blank()
	begin, pos := x.at, x.pos(x.at)
	if begin == len(x.text) {
		return token{kind: kindEnd, pos: pos}, nil
	}
	rest := x.text[begin:]
	switch c := rest[0]; {
	case c == '"':
		return x.delimited(kindString, pos)
	case c == '/':
		return x.delimited(kindPattern, pos)
	case strings.HasPrefix(rest, "->"):
		x.at += len("->")
		return token{kindArrow, "->", pos}, nil
	case strings.IndexByte("{}(),", c) >= 0:
		x.at++
		return token{kindPunct, rest[:1], pos}, nil
	}
	n := wordLength(rest)
	if n == 0 {
		r, size := utf8.DecodeRuneInString(rest)
		x.at += size
		return token{}, &SyntaxError{pos, "unexpected character " + quoteRune(r)}
	}
	x.at += n
	return token{kindWord, rest[:n], pos}, nil
}

// blank skips white space and comments.
func (x *lexer) blank() {
	for x.at < len(x.text) {
		switch c := x.text[x.at]; {
		case c == '#':
			end := strings.IndexByte(x.text[x.at:], '\n')
			if end < 0 {
				x.at = len(x.text)
				return
			}
			x.at += end
		case strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			x.skip(x.at + 1)
		default:
			return
		}
	}
}

// delimited returns a token that ends with the byte with which it begins. A backslash
// before that byte makes it a part of the text.
func (x *lexer) delimited(k kind, pos Pos) (token, error) {
	begin := x.at + 1
	end := x.text[x.at]
	for i := begin; i < len(x.text); i++ {
		switch c := x.text[i]; {
		case c == '\\':
			i++
		case c == '\n' && k == kindPattern:
			i = len(x.text)
		case c == end:
			x.skip(i + 1)
			return token{k, x.text[begin:i], pos}, nil
		}
	}
	what := "string"
	if k == kindPattern {
		what = "regular expression"
	}
	x.skip(len(x.text))
	return token{}, &SyntaxError{pos, what + " without a closing " + string(end)}
}

// wordLength returns the length of the word with which a text begins.
func wordLength(text string) int {
	for i := range len(text) {
		c := text[i]
		if c == '-' && strings.HasPrefix(text[i:], "->") {
			return i
		}
		if !isWordByte(c) {
			return i
		}
	}
	return len(text)
}

// isWordByte reports whether a byte may stand in a name, a number, a time or a host name.
func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._=-+:*?[]^", c) >= 0
}

// unescape returns the text of a string: a backslash before a quote or a backslash is
// dropped.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
