package pmseries

import (
	"strconv"
)

// Limits of an expression.
const (
	MaxExpr   = 64 << 10 // bytes
	maxDepth  = 100      // nested calls, operators and parentheses
	maxLeaves = 200      // operands and qualifiers
)

// parser is a recursive descent over the tokens of an expression.
type parser struct {
	lexer
	token  token // the one to be read next
	err    error
	depth  int
	leaves int
}

// Parse parses an expression. Errors are *[ParseError].
func Parse(text string) (*Expr, error) {
	p := &parser{lexer: lexer{expr: text}}
	if len(text) > MaxExpr {
		return nil, &ParseError{Expr: text[:0], Msg: "expression is longer than " + strconv.Itoa(MaxExpr) + " bytes"}
	}
	p.advance(true)
	e := &Expr{text: text, root: p.query()}
	if p.err == nil && p.token.kind != endOfText {
		p.unexpected()
	}
	if p.err == nil {
		e.timed = p.windows(e.root)
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// advance reads the next token. operand says that an operand may follow.
func (p *parser) advance(operand bool) {
	if p.err != nil {
		return
	}
	p.operand = operand
	p.token, p.err = p.next()
	if p.err != nil {
		p.token = token{kind: endOfText, pos: len(p.expr)}
	}
}

// stop notes the first error.
func (p *parser) stop(pos int, format string, args ...any) {
	if p.err == nil {
		p.err = p.fail(pos, format, args...)
	}
	p.token = token{kind: endOfText, pos: len(p.expr)}
}

// unexpected notes that the token does not fit.
func (p *parser) unexpected() { p.stop(p.token.pos, "syntax error") }

// accept reads an operator or a bracket and reports whether it was there.
func (p *parser) accept(text string, operand bool) bool {
	if !p.token.is(text) {
		return false
	}
	p.advance(operand)
	return true
}

// expect reads an operator or a bracket that must be there.
func (p *parser) expect(text string) {
	if !p.accept(text, false) {
		p.unexpected()
	}
}

// enter counts a level of nesting. leave ends it.
func (p *parser) enter() bool {
	if p.depth++; p.depth > maxDepth {
		p.stop(p.token.pos, "more than %d levels of nesting", maxDepth)
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

// leaf counts an operand or a qualifier.
func (p *parser) leaf(pos int) {
	if p.leaves++; p.leaves > maxLeaves {
		p.stop(pos, "more than %d operands and qualifiers", maxLeaves)
	}
}

// query parses an expression, optionally after a name and an equals sign.
func (p *parser) query() *node {
	before := *p
	if p.token.kind == nameToken {
		p.advance(false)
		if p.accept("=", true) {
			return p.sum()
		}
		*p = before
	}
	return p.sum()
}

// sum parses terms joined by + and -.
func (p *parser) sum() *node {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	return p.chain(p.product, "+", "-")
}

// product parses factors joined by * and /.
func (p *parser) product() *node { return p.chain(p.factor, "*", "/") }

// chain parses parts joined by two operators, from the left.
func (p *parser) chain(part func() *node, first, second string) *node {
	n := part()
	for p.err == nil && (p.token.is(first) || p.token.is(second)) {
		op := p.token
		p.advance(true)
		n = &node{pos: op.pos, op: op.text[0], left: n, right: part()}
	}
	return n
}

// factor parses a number, a call, a sum in parentheses or an operand.
func (p *parser) factor() *node {
	start := p.token
	switch {
	case start.is("("):
		p.advance(true)
		n := p.sum()
		p.expect(")")
		return n
	case start.kind == integerToken || start.kind == doubleToken:
		number, err := strconv.ParseFloat(start.text, 64)
		if err != nil {
			p.unexpected()
			return nil
		}
		p.leaf(start.pos)
		p.advance(false)
		return &node{pos: start.pos, number: &number}
	case start.kind == nameToken:
		p.advance(false)
		if f := functions[start.text]; f != nil && p.token.is("(") {
			return p.callOf(f, start)
		}
		return &node{pos: start.pos, operand: p.operandOf(start.text, start.pos)}
	case start.is("{"):
		return &node{pos: start.pos, operand: p.operandOf("", start.pos)}
	}
	p.unexpected()
	return nil
}

// operandOf parses what follows the name of an operand.
func (p *parser) operandOf(name string, pos int) *operand {
	p.leaf(pos)
	o := &operand{name: name}
	if p.accept("{", false) {
		o.where = p.conditions()
		p.expect("}")
	}
	if p.accept("[", false) {
		o.window = &Window{}
		p.timePart(o.window)
		for p.accept(",", false) {
			p.timePart(o.window)
		}
		p.expect("]")
	}
	return o
}

// windows reports whether the operands have windows. All must have one, or none.
func (p *parser) windows(root *node) (timed bool) {
	with, without := 0, 0
	root.operands(func(o *operand) {
		if o.window != nil {
			with++
		} else {
			without++
		}
	})
	switch {
	case with > 0 && without > 0:
		p.stop(0, "either all operands have a time window, or none has")
	case with+without == 0:
		p.stop(0, "no operand: name a metric")
	}
	return with > 0
}

// timePart parses a part of a time window.
func (p *parser) timePart(w *Window) {
	key := p.token
	switch key.kind {
	case spanToken:
		p.advance(false)
		p.setTime(w, key.pos, "range", key.text)
		return
	case nameToken:
	default:
		p.unexpected()
		return
	}
	if windowKeys[key.text] == "" {
		p.unexpected()
		return
	}
	p.advance(false)
	p.expect(":")
	sign := ""
	if p.token.is("-") || p.token.is("+") || p.token.is("@") {
		sign = p.token.text
		p.advance(false)
	}
	value := p.token
	switch value.kind {
	case stringToken, integerToken, doubleToken, spanToken, nameToken:
		p.advance(false)
		p.setTime(w, value.pos, key.text, sign+value.text)
	default:
		p.unexpected()
	}
}

// setTime sets a part of a time window.
func (p *parser) setTime(w *Window, pos int, key, value string) {
	if p.err != nil {
		return
	}
	if err := w.Set(key, value); err != nil {
		p.stop(pos, "%v", err)
	}
}
