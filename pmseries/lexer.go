package pmseries

import (
	"fmt"
	"strings"
)

// kind is the kind of a token.
type kind int

// The kinds. Operators and brackets are of kind punctuation.
const (
	endOfText kind = iota
	punctuation
	nameToken
	integerToken
	doubleToken
	spanToken // an interval with a unit, such as 5min
	stringToken
)

// token is a token of an expression.
type token struct {
	kind kind
	text string // of a string: what is between the quotes
	pos  int    // in bytes
}

// is reports whether the token is an operator or a bracket.
func (t token) is(text string) bool { return t.kind == punctuation && t.text == text }

// ParseError reports an expression that cannot be parsed.
type ParseError struct {
	Expr string
	Pos  int // in bytes
	Msg  string
}

// Error shows the expression with the position below it, as PCP's pmseries does.
func (e *ParseError) Error() string {
	var pad strings.Builder
	for _, c := range e.Expr[:e.Pos] {
		if c == '\n' || c == '\t' || c == '\r' {
			pad.WriteRune(c)
		} else {
			pad.WriteByte(' ')
		}
	}
	return fmt.Sprintf("cannot parse given string\n\n%s\n%s^ -- %s\n", e.Expr, pad.String(), e.Msg)
}

// lexer splits an expression into tokens.
type lexer struct {
	expr string
	at   int
	// operand says that an operand may follow: an asterisk then begins a pattern.
	operand bool
}

// fail returns a *ParseError.
func (x *lexer) fail(pos int, format string, args ...any) error {
	return &ParseError{Expr: x.expr, Pos: min(pos, len(x.expr)), Msg: fmt.Sprintf(format, args...)}
}

// operators are the operators and brackets, longer ones first.
var operators = []string{"<=", ">=", "==", "=~", "!=", "!~", "~~", "&&", "||",
	"+", "-", "*", "/", "(", ")", "{", "}", "[", "]", "<", ">", "=", ":", ",", "@"}

// next returns the next token.
func (x *lexer) next() (token, error) {
	x.at += len(x.expr[x.at:]) - len(strings.TrimLeft(x.expr[x.at:], " \t\r\n\v\f"))
	start, rest := x.at, x.expr[x.at:]
	if rest == "" {
		return token{endOfText, "", start}, nil
	}
	c := rest[0]
	switch {
	case c == '"' || c == '\'':
		end := strings.IndexByte(rest[1:], c)
		if end < 0 {
			return token{}, x.fail(start, "string without a closing quote")
		}
		x.at += end + 2
		return token{stringToken, rest[1 : end+1], start}, nil
	case isLetter(c) || x.operand && (c == '*' || c == '?'):
		return x.take(nameToken, isNameByte), nil
	case isDigit(c) || c == '.':
		return x.number()
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			x.at += len(op)
			return token{punctuation, op, start}, nil
		}
	}
	return token{}, x.fail(start, "illegal character")
}

// take returns the longest token of a kind from bytes that belong to it.
func (x *lexer) take(k kind, belongs func(byte) bool) token {
	start := x.at
	for x.at < len(x.expr) && belongs(x.expr[x.at]) {
		x.at++
	}
	return token{k, x.expr[start:x.at], start}
}

// number returns an integer, a double or an interval with a unit.
func (x *lexer) number() (token, error) {
	t := x.take(integerToken, func(c byte) bool { return isDigit(c) || c == '.' || isLetter(c) })
	switch {
	case strings.ContainsFunc(t.text, func(r rune) bool { return r < 0x80 && isLetter(byte(r)) }):
		t.kind = spanToken
	case t.text == "." || strings.Count(t.text, ".") > 1:
		return t, x.fail(t.pos, "not a number")
	case strings.Contains(t.text, "."):
		t.kind = doubleToken
	}
	return t, nil
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isNameByte reports whether a byte may stand in a name or a pattern of names.
func isNameByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '.' || c == '*' || c == '?' || c == '%' || c == '\\'
}
