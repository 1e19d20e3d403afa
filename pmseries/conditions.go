package pmseries

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// conditions parses qualifiers joined by commas.
func (p *parser) conditions() *condition {
	c := p.joined()
	for p.accept(",", false) {
		c = &condition{how: both, left: c, right: p.joined()}
	}
	return c
}

// joined parses qualifiers joined by && and ||, from the left.
func (p *parser) joined() *condition {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	c := p.condition()
	for {
		how := both
		switch {
		case p.accept("&&", false):
		case p.accept("||", false):
			how = either
		default:
			return c
		}
		c = &condition{how: how, left: c, right: p.condition()}
	}
}

// condition parses a qualifier.
func (p *parser) condition() *condition {
	key := p.token
	if p.accept("(", false) {
		c := p.conditions()
		p.expect(")")
		return c
	}
	if key.kind != nameToken && key.kind != stringToken || key.text == "" {
		p.unexpected()
		return nil
	}
	p.leaf(key.pos)
	p.advance(false)
	c := &condition{how: exists, key: key.text}
	c.about, c.label = aboutName(key.text)
	op := p.token
	if op.kind == punctuation && strings.Contains("== != ~~ : =~ !~ < <= > >=", op.text) && op.text != "=" {
		p.advance(true)
		c.how = comparison(op.text)
		if op.text == ":" {
			c.how = pattern
		}
		p.valueOf(c, op)
	}
	return c
}

// errQuantity reports a relation of numbers with something else.
var errQuantity = errors.New("want a number")

// valueOf parses the value of a qualifier.
func (p *parser) valueOf(c *condition, op token) {
	value := p.token
	sign := ""
	if value.is("-") {
		sign = "-"
		p.advance(false)
		if value = p.token; value.kind != integerToken && value.kind != doubleToken {
			p.unexpected()
			return
		}
	}
	c.value, c.quoted = sign+value.text, value.kind == stringToken
	switch value.kind {
	case integerToken, doubleToken:
		number, err := strconv.ParseFloat(c.value, 64)
		if err != nil {
			p.unexpected()
			return
		}
		c.number = &number
	case stringToken, nameToken, spanToken:
	default:
		p.unexpected()
		return
	}
	p.advance(false)
	var err error
	switch c.how {
	case matching, missing:
		c.re, err = regexp.Compile(c.value)
	case less, lessEq, greater, greatEq:
		if c.number == nil || c.about != ofLabel {
			err = errQuantity
		}
	}
	if err != nil {
		p.stop(value.pos, "%s %s: %v", c.key, op.text, err)
	}
}
