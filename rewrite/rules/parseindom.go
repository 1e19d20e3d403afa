package rules

import "strings"

// indom parses a rule for instance domains.
func (p *parser) indom(pos Pos) (Rule, error) {
	id, err := p.indomID()
	if err != nil {
		return nil, err
	}
	clauses, err := p.clauses("indom, iname, inst", (*parser).indomClause)
	return &InDom{pos, id, clauses}, err
}

func (p *parser) indomClause(keyword string, t token) (Clause, error) {
	switch keyword {
	case "indom":
		if err := p.arrow(keyword); err != nil {
			return nil, err
		}
		duplicate, err := p.accept("duplicate")
		if err != nil {
			return nil, err
		}
		id, err := p.indomID()
		return &ToInDom{Pos: t.pos, Target: id, Duplicate: duplicate}, err
	case "iname":
		return p.iname(t.pos)
	case "inst":
		old, err := p.instID()
		if err == nil {
			err = p.arrow("the number of the instance")
		}
		if err != nil {
			return nil, err
		}
		if remove, err := p.accept("delete"); err != nil || remove {
			return &RenumberInst{Pos: t.pos, Old: old, Delete: true}, err
		}
		id, err := p.instID()
		return &RenumberInst{Pos: t.pos, Old: old, New: id}, err
	}
	return nil, nil
}

// iname parses a clause for names of instances after its keyword.
func (p *parser) iname(pos Pos) (Clause, error) {
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	switch {
	case t.is("redact"):
		return &RedactNames{pos}, nil
	case t.is("replace"):
		return p.replaceNames(pos)
	case t.kind == kindPattern:
		p.token, p.ahead = t, true
		return p.replaceNames(pos)
	case t.kind != kindString:
		return nil, want(t, "the name of an instance in quotes, replace or redact")
	}
	old := unescape(t.text)
	if err := p.arrow("the name of the instance"); err != nil {
		return nil, err
	}
	if remove, err := p.accept("delete"); err != nil || remove {
		return &RenameInst{Pos: pos, Old: old, Delete: true}, err
	}
	name, err := p.instName()
	return &RenameInst{Pos: pos, Old: old, New: name}, err
}

// instName parses the new name of an instance.
func (p *parser) instName() (string, error) {
	t, err := p.peek()
	if err != nil {
		return "", err
	}
	name, err := p.str("the new name of the instance")
	if err == nil && (name == "" || strings.ContainsRune(name, 0)) {
		err = fail(t, "the name of an instance may not be empty")
	}
	return name, err
}

// replaceNames parses a regular expression and what replaces it in names.
func (p *parser) replaceNames(pos Pos) (Clause, error) {
	t, pattern, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.arrow("the regular expression"); err != nil {
		return nil, err
	}
	remove, err := p.accept("delete")
	if err != nil {
		return nil, err
	}
	r, err := p.replacement(t, pattern, remove)
	return &ReplaceNames{Pos: pos, Replacement: r, Delete: remove}, err
}

// expression takes a regular expression between slashes or quotes.
func (p *parser) expression() (t token, pattern string, err error) {
	t, err = p.next()
	switch {
	case err != nil:
	case t.kind == kindPattern:
		return t, strings.ReplaceAll(t.text, `\/`, "/"), nil
	case t.kind == kindString:
		return t, strings.ReplaceAll(t.text, `\"`, `"`), nil
	default:
		err = want(t, "a regular expression between slashes or quotes")
	}
	return t, "", err
}

// replacement takes the text that replaces matches, unless they are removed.
func (p *parser) replacement(t token, pattern string, remove bool) (Replacement, error) {
	var with string
	if !remove {
		s, err := p.next()
		if err != nil {
			return Replacement{}, err
		}
		if s.kind != kindString {
			return Replacement{}, want(s, "the replacement in quotes")
		}
		with = strings.ReplaceAll(s.text, `\"`, `"`)
	}
	r, err := NewReplacement(pattern, with)
	if err != nil {
		return r, fail(t, "%v", err)
	}
	return r, nil
}
