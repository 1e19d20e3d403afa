package derive

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// function parses the arguments of a function.
func (p *parser) function(f kind, name string) (*node, *SyntaxError) {
	pattern := f == kindFilter
	if err := p.advancePattern(pattern); err != nil {
		return nil, err
	}
	switch f {
	case kindRescale:
		return p.rescale()
	case kindScalar:
		n, err := p.expr(0)
		if err == nil {
			err = p.take(kindRight)
		}
		return &node{kind: kindScalar, parts: []*node{n}}, expected(err, "<expr>", "scalar(")
	case kindFilter:
		return p.filter()
	case kindConst:
		return p.mkconst()
	case kindNoValue:
		n := &node{kind: kindNoValue, desc: desc{pcp.TypeU32, pcp.InDomNull, pcp.SemInstant, pcp.Units{}}}
		return n, p.properties(n, true)
	}
	t := p.tok
	if t.kind != kindName || p.isFunction(t) {
		return nil, p.fail("Metric name expected to follow " + name + "(")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.take(kindRight); err != nil {
		return nil, expected(err, "Metric name", name+"(")
	}
	if f == kindAnon {
		return anon(t)
	}
	return &node{kind: f, parts: []*node{{kind: kindName, text: t.text}}}, nil
}

// isFunction reports whether a name is that of a function that is called. The current token
// is the name.
func (p *parser) isFunction(t token) bool {
	_, ok := functions[t.text]
	return ok && strings.HasPrefix(p.text[t.offset+len(t.text):], "(")
}

// expected gives an error without a reason one.
func expected(err *SyntaxError, what, after string) *SyntaxError {
	if err != nil && err.Reason == "" {
		err.Reason = what + " expected to follow " + after
	}
	return err
}

// numericTypes are the names of types in mkconst, novalue and, after PM_TYPE_, anon.
var numericTypes = map[string]pcp.Type{
	"32": pcp.Type32, "U32": pcp.TypeU32, "64": pcp.Type64, "U64": pcp.TypeU64, "FLOAT": pcp.TypeFloat, "DOUBLE": pcp.TypeDouble,
}

// anon returns a metric without values.
func anon(t token) (*node, *SyntaxError) {
	name, ok := strings.CutPrefix(t.text, "PM_TYPE_")
	typ, known := numericTypes[name]
	if !ok || !known {
		return nil, &SyntaxError{Offset: t.offset, Reason: "type=" + t.text + " not allowed for anon()"}
	}
	return &node{kind: kindAnon, desc: desc{typ, pcp.InDomNull, pcp.SemDiscrete, pcp.Units{}}}, nil
}

func (p *parser) rescale() (*node, *SyntaxError) {
	n, err := p.expr(0)
	if err != nil || p.tok.kind != kindComma {
		if err == nil {
			err = p.fail("")
		}
		return nil, expected(err, "Arithmetic or relational or boolean operator", "rescale(")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	t := p.tok
	if t.kind != kindString {
		return nil, p.fail("Units string expected to follow rescale(<expr>,")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != kindRight {
		return nil, p.fail("")
	}
	units, bad := parseUnits(t.text)
	if bad != "" {
		return nil, p.fail(bad)
	}
	return &node{kind: kindRescale, parts: []*node{n}, desc: desc{units: units}}, p.advance()
}

// parseUnits returns the reason if a text has no units.
func parseUnits(text string) (u pcp.Units, bad string) {
	u, err := pcp.ParseUnits(strings.ReplaceAll(text, "/", " / "))
	if err != nil || strings.TrimSpace(text) == "none" {
		return u, "Illegal units: 'unrecognized or duplicate base unit'"
	}
	return u, ""
}

// filter parses the arguments of matchinst.
func (p *parser) filter() (*node, *SyntaxError) {
	n := &node{kind: kindFilter}
	if p.tok.kind == kindNot {
		n.not = true
		if err := p.advancePattern(true); err != nil {
			return nil, err
		}
	}
	t := p.tok
	if t.kind != kindPattern {
		return nil, p.fail("<filter>, <expr>) expected to follow matchinst(")
	}
	re, err := regexp.CompilePOSIX(t.text)
	if err != nil {
		reason := err.Error()
		var se *syntax.Error
		if errors.As(err, &se) {
			reason = se.Code.String()
		}
		return nil, p.fail("bad regular expression: '" + reason + "'")
	}
	n.match = re
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != kindComma {
		return nil, p.fail(", <expr>) expected to follow matchinst(<filter>")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	part, bad := p.expr(0)
	if bad == nil {
		bad = p.take(kindRight)
	}
	n.parts = []*node{part}
	return n, expected(bad, "<expr>)", "matchinst(<filter>,")
}

// mkconst parses the arguments of mkconst.
func (p *parser) mkconst() (*node, *SyntaxError) {
	t := p.tok
	if t.kind != kindInteger && t.kind != kindDouble {
		return nil, p.fail("")
	}
	n := number(t)
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.take(kindComma); err != nil {
		return nil, err
	}
	if err := p.properties(n, false); err != nil {
		return nil, err
	}
	n.bits = constant(t.text, n.desc.typ)
	return n, nil
}

// properties parses key=value pairs up to the closing parenthesis.
func (p *parser) properties(n *node, indom bool) *SyntaxError {
	for {
		key := p.tok
		if key.kind != kindName {
			return p.fail("")
		}
		if err := p.advance(); err != nil {
			return err
		}
		if err := p.take(kindAssign); err != nil {
			return err
		}
		if err := p.property(n, key.text, indom); err != nil {
			return err
		}
		if p.tok.kind == kindRight {
			if n.kind == kindDouble && n.desc.typ != pcp.TypeDouble && n.desc.typ != pcp.TypeFloat {
				return p.fail("Incompatible floating point constant and type '" + strings.ToUpper(n.desc.typ.String()) + "'")
			}
			return p.advance()
		}
		if err := p.take(kindComma); err != nil {
			return err
		}
	}
}

// semantics are the names of semantics.
var semantics = map[string]pcp.Semantics{"counter": pcp.SemCounter, "instant": pcp.SemInstant, "discrete": pcp.SemDiscrete}

// property reads a value and sets the property with a key.
func (p *parser) property(n *node, key string, indom bool) *SyntaxError {
	value := p.tok
	switch value.kind {
	case kindString, kindName, kindInteger:
	case kindDouble: // an instance domain
		if key != "indom" {
			return p.fail("")
		}
	default:
		return p.fail("")
	}
	var ok bool
	switch key {
	case "type":
		if n.desc.typ, ok = numericTypes[strings.ToUpper(value.text)]; !ok {
			return p.fail("Unrecognized value for type '" + value.text + "'")
		}
	case "semantics":
		if n.desc.sem, ok = semantics[strings.ToLower(value.text)]; !ok {
			return p.fail("Unrecognized value for semantics '" + value.text + "'")
		}
	case "units":
		units, bad := parseUnits(value.text)
		if bad != "" {
			return p.fail(bad)
		}
		n.desc.units = units
	case "indom":
		id, ok := parseInDom(value.text)
		if !ok || !indom {
			return p.fail("Unrecognized value for indom '" + value.text + "'")
		}
		n.desc.indom = id
	default:
		return p.fail("")
	}
	return p.advance()
}

// parseInDom parses an instance domain such as 60.1.
func parseInDom(text string) (pcp.InDomID, bool) {
	if text == "PM_INDOM_NULL" || text == "" {
		return pcp.InDomNull, text != ""
	}
	domain, serial, ok := strings.Cut(text, ".")
	d, err1 := strconv.ParseUint(domain, 10, 9)
	s, err2 := strconv.ParseUint(serial, 10, 22)
	return pcp.NewInDomID(uint32(d), uint32(s)), ok && err1 == nil && err2 == nil
}
