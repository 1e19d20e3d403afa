package derive

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// Limits of an expression.
const (
	maxText  = 64 << 10
	maxDepth = 200
)

// Parse parses an expression. The error is a [*SyntaxError].
func Parse(text string) (*Expr, error) {
	if len(text) > maxText {
		return nil, &SyntaxError{Text: text[:maxText], Reason: fmt.Sprintf("the expression is longer than %d bytes", maxText)}
	}
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, p.final(err)
	}
	first := p.tok
	if first.kind != kindLeft && slices.Contains(initial, first.kind) {
		reason := "Unexpected initial '" + words[first.kind][1] + "'"
		if err := p.advance(); err != nil {
			return nil, p.final(err)
		}
		return nil, p.final(p.fail(reason))
	}
	root, err := p.expr(0)
	if err != nil && err.Reason == "" && first.kind == kindLeft {
		err.Reason = "Unexpected initial '('"
	}
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, p.final(err)
	}
	return &Expr{text, root}, nil
}

// initial are the tokens at the beginning that libpcp names in its messages.
var initial = []kind{
	kindPlus, kindStar, kindSlash, kindLeft, kindRight, kindLT, kindLEQ, kindEQ, kindGEQ, kindGT, kindNEQ, kindAnd, kindOr, kindQuest, kindColon,
}

// parser is a parser by precedence. Its errors lack a reason until one of the callers
// knows one.
type parser struct {
	lexer
	tok   token
	depth int
}

// final completes an error.
func (p *parser) final(err *SyntaxError) error {
	if err.Reason == "" {
		err.Reason = "unexpected end"
		if p.tok.kind != kindEnd {
			err.Reason = fmt.Sprintf("unexpected %q", p.text[p.tok.offset:p.at])
		}
	}
	err.Text = p.text
	return err
}

// fail returns an error at the current token.
func (p *parser) fail(reason string) *SyntaxError {
	return &SyntaxError{Offset: p.tok.offset, Reason: reason}
}

// advance reads the next token.
func (p *parser) advance() *SyntaxError { return p.advancePattern(false) }

func (p *parser) advancePattern(pattern bool) *SyntaxError {
	var reason string
	p.tok, reason = p.next(pattern)
	if reason != "" {
		return p.fail(reason)
	}
	return nil
}

// end expects the end of the text.
func (p *parser) end() *SyntaxError {
	switch p.tok.kind {
	case kindEnd:
		return nil
	case kindLeft, kindRight:
		reason := "Unexpected '" + words[p.tok.kind][1] + "'"
		if err := p.advance(); err != nil {
			return err
		}
		return p.fail(reason)
	}
	return p.fail("")
}

// precedence of the binary operators. All group to the left.
var precedence = map[kind]int{
	kindQuest: 1, kindAnd: 2, kindOr: 2,
	kindLT: 4, kindLEQ: 4, kindEQ: 4, kindGEQ: 4, kindGT: 4, kindNEQ: 4,
	kindPlus: 5, kindMinus: 5, kindStar: 6, kindSlash: 6,
}

// precedenceNot is that of the operator !.
const precedenceNot = 3

// expr parses an expression of operators that bind stronger than least.
func (p *parser) expr(least int) (*node, *SyntaxError) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail("the expression is nested too deeply")
	}
	defer func() { p.depth-- }()
	left, err := p.operand()
	for err == nil {
		op := p.tok.kind
		prec, ok := precedence[op]
		if !ok || prec <= least {
			return left, nil
		}
		if op == kindQuest {
			left, err = p.ternary(left)
		} else {
			left, err = p.binary(left, op, prec)
		}
	}
	return nil, err
}

// binary parses an operator and its right operand.
func (p *parser) binary(left *node, op kind, prec int) (*node, *SyntaxError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.expr(prec)
	if err != nil {
		return nil, following(err, op)
	}
	return &node{kind: op, parts: []*node{left, right}}, nil
}

// following gives an error without a reason that of an operand that is missing.
func following(err *SyntaxError, op kind) *SyntaxError {
	if err.Reason == "" {
		what := "Arithmetic"
		if op == kindAnd || op == kindOr || op == kindNot {
			what = "Boolean"
		}
		err.Reason = what + " expression expected to follow " + words[op][0]
	}
	return err
}

// ternary parses what follows a guard.
func (p *parser) ternary(guard *node) (*node, *SyntaxError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	yes, err := p.expr(0)
	if err == nil && p.tok.kind != kindColon {
		err = p.fail("")
	}
	if err != nil {
		return nil, following(err, kindQuest)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	no, err := p.expr(precedence[kindQuest])
	if err != nil {
		return nil, following(err, kindColon)
	}
	return &node{kind: kindQuest, parts: []*node{guard, {kind: kindColon, parts: []*node{yes, no}}}}, nil
}

// operand parses an operand.
func (p *parser) operand() (*node, *SyntaxError) {
	t := p.tok
	switch t.kind {
	case kindInteger, kindDouble:
		n := number(t)
		return n, p.advance()
	case kindMinus, kindNot:
		return p.unary(t.kind)
	case kindLeft:
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.expr(0)
		if err == nil {
			err = p.take(kindRight)
		}
		return n, err
	case kindName:
		called := p.isFunction(t)
		if err := p.advance(); err != nil {
			return nil, err
		}
		if called {
			return p.function(functions[t.text], t.text)
		}
		return p.name(t)
	}
	return nil, p.fail("")
}

// take expects a token.
func (p *parser) take(k kind) *SyntaxError {
	if p.tok.kind != k {
		return p.fail("")
	}
	return p.advance()
}

func (p *parser) unary(op kind) (*node, *SyntaxError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	least, k := precedenceNot, kindNot
	if op == kindMinus {
		least, k = precedence[kindMinus], kindNeg
	}
	n, err := p.expr(least)
	if err != nil {
		return nil, following(err, k)
	}
	return &node{kind: k, parts: []*node{n}}, nil
}

// name parses what may follow a name.
func (p *parser) name(t token) (*node, *SyntaxError) {
	n := &node{kind: kindName, text: t.text}
	switch p.tok.kind {
	case kindInstance:
		n = &node{kind: kindFilter, exact: p.tok.text, parts: []*node{n}}
		return n, p.advance()
	case kindInteger, kindDouble, kindName, kindString, kindAssign, kindNot, kindPattern:
		return nil, p.fail("Arithmetic or relational or boolean operator expected to follow NAME")
	}
	return n, nil
}

func number(t token) *node {
	n := &node{kind: t.kind, text: t.text, desc: desc{pcp.TypeU32, pcp.InDomNull, pcp.SemDiscrete, pcp.Units{}}}
	if t.kind == kindDouble {
		n.desc.typ = pcp.TypeDouble
	}
	n.bits = constant(t.text, n.desc.typ)
	return n
}

// constant returns the bits of a number as a type.
func constant(text string, t pcp.Type) uint64 {
	if strings.Contains(text, ".") || t == pcp.TypeFloat || t == pcp.TypeDouble {
		f, _ := strconv.ParseFloat("0"+text, 64) // a number, perhaps with a point first
		return fromFloat(f, t)
	}
	n, _ := strconv.ParseUint(text, 10, 32)
	return n
}
