package rules

import (
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// metric parses a rule for metrics.
func (p *parser) metric(pos Pos) (Rule, error) {
	id, err := p.metricID()
	if err != nil {
		return nil, err
	}
	clauses, err := p.clauses("delete, indom, name, pmid, sem, type, units, value", (*parser).metricClause)
	return &Metric{pos, id, clauses}, err
}

func (p *parser) metricClause(keyword string, t token) (Clause, error) {
	switch keyword {
	case "delete":
		return &Delete{t.pos}, nil
	case "value":
		return p.values(t.pos)
	case "type":
		return p.setType(t.pos)
	case "indom", "name", "pmid", "sem", "units":
		if err := p.arrow(keyword); err != nil {
			return nil, err
		}
	}
	switch keyword {
	case "indom":
		return p.metricInDom(t.pos)
	case "name":
		name, err := p.word("a metric's name")
		if err == nil && !validName(name.text) {
			err = fail(name, "%s is not a metric's name", name)
		}
		return &SetName{t.pos, name.text}, err
	case "pmid":
		id, err := p.pmid()
		return &ToMetric{t.pos, id}, err
	case "sem":
		return p.semantics(t.pos)
	case "units":
		return p.units(t.pos)
	}
	return nil, nil
}

// validName reports whether a text is the name of a metric: parts that begin with a letter.
// The last part may be an asterisk, which stands for the rest of the old name.
func validName(text string) bool {
	parts := strings.Split(text, ".")
	for i, part := range parts {
		if part == "*" && i == len(parts)-1 && i > 0 {
			return true
		}
		if part == "" || !isLetter(part[0]) {
			return false
		}
		for j := range len(part) {
			if c := part[j]; !isLetter(c) && (c < '0' || c > '9') && c != '_' {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// types are the names of types that values can be converted to and from.
var types = map[string]pcp.Type{
	"32": pcp.Type32, "u32": pcp.TypeU32, "64": pcp.Type64, "u64": pcp.TypeU64, "float": pcp.TypeFloat, "double": pcp.TypeDouble,
}

func (p *parser) setType(pos Pos) (Clause, error) {
	c := &SetType{Pos: pos}
	conditional, err := p.accept("if")
	if err != nil {
		return nil, err
	}
	if conditional {
		old, err := p.typeName()
		if err != nil {
			return nil, err
		}
		c.If = &old
	}
	if err := p.arrow("type"); err != nil {
		return nil, err
	}
	c.New, err = p.typeName()
	return c, err
}

func (p *parser) typeName() (pcp.Type, error) {
	const form = "a type: 32, U32, 64, U64, FLOAT or DOUBLE"
	t, err := p.word(form)
	if err != nil {
		return 0, err
	}
	typ, ok := types[strings.ToLower(t.text)]
	if !ok {
		return 0, want(t, form)
	}
	return typ, nil
}

func (p *parser) semantics(pos Pos) (Clause, error) {
	const form = "COUNTER, INSTANT or DISCRETE"
	t, err := p.word(form)
	if err != nil {
		return nil, err
	}
	for _, sem := range []pcp.Semantics{pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete} {
		if t.is(sem.String()) {
			return &SetSemantics{pos, sem}, nil
		}
	}
	return nil, want(t, form)
}

// metricInDom parses the instance domain of a metric and how to pick its values.
func (p *parser) metricInDom(pos Pos) (Clause, error) {
	c := &ToInDom{Pos: pos}
	null, err := p.accept("null")
	if err != nil {
		return nil, err
	}
	if c.Null = null; !null {
		if c.Target, err = p.indomID(); err != nil {
			return nil, err
		}
	}
	output, err := p.accept("output")
	if err != nil || !output {
		return c, err
	}
	return c, p.pick(c)
}

var picks = map[string]Pick{"first": PickFirst, "last": PickLast, "min": PickMin, "max": PickMax, "sum": PickSum, "avg": PickAvg}

func (p *parser) pick(c *ToInDom) error {
	const form = "FIRST, LAST, INST, INAME, MIN, MAX, SUM or AVG after OUTPUT"
	t, err := p.word(form)
	if err != nil {
		return err
	}
	switch {
	case t.is("inst"):
		id, err := p.instID()
		c.Pick, c.Inst = PickInst, &InstPattern{ID: id}
		return err
	case t.is("iname"):
		name, err := p.instName()
		c.Pick, c.Inst = PickInst, &InstPattern{Name: name}
		return err
	}
	way, ok := picks[strings.ToLower(t.text)]
	if !ok {
		return want(t, form)
	}
	c.Pick = way
	return nil
}

// values parses a regular expression and what replaces it in values.
func (p *parser) values(pos Pos) (Clause, error) {
	if _, err := p.accept("replace"); err != nil {
		return nil, err
	}
	t, pattern, err := p.expression()
	if err == nil {
		err = p.arrow("the regular expression")
	}
	if err != nil {
		return nil, err
	}
	r, err := p.replacement(t, pattern, false)
	return &ReplaceValues{pos, r}, err
}
