package pmseries

import (
	"errors"
	"fmt"
	"strconv"
)

// function is a function of the query language.
type function struct {
	name string
	// argument parses the second argument; nil if there is none.
	argument func(n *node, t token) error
	optional bool // the second argument may be absent
	apply    func(n *node, v *vector) error
}

// callOf parses the arguments of a call.
func (p *parser) callOf(f *function, name token) *node {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	p.advance(true)
	n := &node{pos: name.pos, call: f, left: p.sum()}
	switch {
	case f.argument != nil && p.accept(",", false):
		arg := p.token
		switch arg.kind {
		case integerToken, doubleToken, stringToken:
			p.advance(false)
		default:
			p.unexpected()
		}
		if p.err == nil {
			n.arg = arg.text
			if err := f.argument(n, arg); err != nil {
				p.stop(arg.pos, "%s: %v", f.name, err)
			}
		}
	case f.argument != nil && !f.optional:
		p.unexpected()
	}
	p.expect(")")
	return n
}

// wholeNumber returns a parser of an integer between two numbers.
func wholeNumber(least, most int) func(*node, token) error {
	return func(n *node, t token) error {
		k, err := strconv.Atoi(t.text)
		if t.kind != integerToken || err != nil || k < least || k > most {
			return fmt.Errorf("want a whole number from %d to %d", least, most)
		}
		f := float64(k)
		n.number = &f
		return nil
	}
}

// baseOf parses the base of a logarithm.
func baseOf(n *node, t token) error {
	f, err := strconv.ParseFloat(t.text, 64)
	if t.kind == stringToken || err != nil || f <= 0 || f == 1 {
		return errors.New("want a positive base other than 1")
	}
	n.number = &f
	return nil
}
