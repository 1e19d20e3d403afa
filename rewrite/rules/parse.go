package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
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

// The highest numbers of a rule. The highest domain is not for metrics of agents.
const (
	maxDomain  = 510
	maxCluster = 4095
	maxItem    = 1023
	maxSerial  = 4194303
	maxInst    = 1<<31 - 1
)

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

// indomID parses an instance domain, such as 60.2 or 60.*.
func (p *parser) indomID() (id InDomPattern, err error) {
	const form = "an instance domain DOMAIN.SERIAL or DOMAIN.*"
	t, err := p.word(form)
	if err != nil {
		return id, err
	}
	parts := strings.Split(t.text, ".")
	if len(parts) != 2 {
		return id, want(t, form)
	}
	if id.Domain, err = domainOf(t, parts[0]); err != nil {
		return id, err
	}
	id.Serial, id.AnySerial, err = numberOrStar(t, parts[1], "serial", maxSerial)
	return id, err
}

func domainOf(t token, text string) (uint32, error) {
	n, err := numberOf(t, text, "domain", 1, maxDomain)
	return uint32(n), err
}

// numberOrStar returns a number, or true for an asterisk.
func numberOrStar(t token, text, what string, highest int64) (n uint32, star bool, err error) {
	if text == "*" {
		return 0, true, nil
	}
	number, err := numberOf(t, text, what, 0, highest)
	return uint32(number), false, err
}

// pmid parses a PMID, such as 60.0.3 or 60.*.*.
func (p *parser) pmid() (id MetricPattern, err error) {
	t, err := p.word("a metric DOMAIN.CLUSTER.ITEM")
	if err != nil {
		return id, err
	}
	return pmidOf(t)
}

func pmidOf(t token) (id MetricPattern, err error) {
	parts := strings.Split(t.text, ".")
	if len(parts) != 3 {
		return id, want(t, "a metric DOMAIN.CLUSTER.ITEM")
	}
	// A metric that a logger derived has the domain 511.
	n, err := numberOf(t, parts[0], "domain", 1, maxDomain+1)
	if err != nil {
		return id, err
	}
	id.Domain = uint32(n)
	if id.Cluster, id.AnyCluster, err = numberOrStar(t, parts[1], "cluster", maxCluster); err != nil {
		return id, err
	}
	id.Item, id.AnyItem, err = numberOrStar(t, parts[2], "item", maxItem)
	return id, err
}

// metricID parses a metric's name or PMID.
func (p *parser) metricID() (id MetricPattern, err error) {
	t, err := p.word("a metric's name or DOMAIN.CLUSTER.ITEM")
	if err != nil {
		return id, err
	}
	if c := t.text[0]; c >= '0' && c <= '9' {
		return pmidOf(t)
	}
	return MetricPattern{Name: t.text}, validPattern(t)
}

// instID parses the number of an instance.
func (p *parser) instID() (pcp.InstID, error) {
	n, err := p.number("instance number", 0, maxInst)
	return pcp.InstID(n), err
}
