package rules

import (
	"errors"
	"strings"
)

// maxErrors is the number of errors of a file after which Parse stops.
const maxErrors = 20

// Parse parses the rules of a file. The name of the file is for messages. After an error
// Parse continues with the next rule, so that the joined errors report several mistakes.
// Each is a *SyntaxError.
func Parse(file, text string) ([]Rule, error) {
	p := &parser{lexer: lexer{file: file, text: text, line: 1}}
	var all []Rule
	var errs []error
	for len(errs) < maxErrors {
		rule, err := p.rule()
		switch {
		case err != nil:
			errs = append(errs, err)
			p.recover()
		case rule == nil:
			return all, errors.Join(errs...)
		default:
			all = append(all, rule)
		}
	}
	return all, errors.Join(errs...)
}

// parser parses the rules of a file.
type parser struct {
	lexer lexer
	token token // the next token
	ahead bool  // token is set
	last  token // the token that was taken last
	depth int   // 1 inside the braces of a rule
}

// recover skips the rest of a rule after an error.
func (p *parser) recover() {
	if !p.ahead && p.last.kind == kindPunct && p.last.text == "}" {
		return
	}
	for {
		t, err := p.next()
		switch {
		case err != nil:
			continue
		case t.kind == kindEnd:
			p.token, p.ahead = t, true
			return
		case t.kind == kindPunct && t.text == "}":
			return
		case p.depth == 0 && ruleParser(t) != nil:
			p.token, p.ahead = t, true
			return
		}
	}
}

// ruleParser returns the function that parses a rule after its keyword, or nil.
func ruleParser(t token) func(*parser, Pos) (Rule, error) {
	if t.kind != kindWord {
		return nil
	}
	switch strings.ToLower(t.text) {
	case "global":
		return (*parser).global
	case "indom":
		return (*parser).indom
	case "metric":
		return (*parser).metric
	case "text":
		return (*parser).textRule
	case "label":
		return (*parser).label
	}
	return nil
}

// rule parses a rule. It returns nil at the end of the file.
func (p *parser) rule() (Rule, error) {
	p.depth = 0
	t, err := p.next()
	if err != nil || t.kind == kindEnd {
		return nil, err
	}
	parse := ruleParser(t)
	if parse == nil {
		return nil, want(t, "global, indom, metric, text or label")
	}
	return parse(p, t.pos)
}

// clauses parses the clauses of a rule. one parses a clause after its keyword.
func (p *parser) clauses(what string, one func(p *parser, keyword string, t token) (Clause, error)) ([]Clause, error) {
	if err := p.punct("{"); err != nil {
		return nil, err
	}
	p.depth = 1
	var all []Clause
	for {
		t, err := p.next()
		switch {
		case err != nil:
			return nil, err
		case t.kind == kindPunct && t.text == "}":
			return all, nil
		case t.kind != kindWord:
			return nil, want(t, what+" or }")
		}
		c, err := one(p, strings.ToLower(t.text), t)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, want(t, what+" or }")
		}
		all = append(all, c)
	}
}
