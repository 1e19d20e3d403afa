package pmseries

import (
	"strconv"
	"strings"
)

// canonical returns the canonical form of an expression, from which the ID of its result is
// computed. name is the metric that patterns of names stand for.
func canonical(n *node, name string) string {
	switch {
	case n == nil:
		return ""
	case n.number != nil && n.call == nil:
		return strconv.FormatFloat(*n.number, 'f', -1, 64)
	case n.operand != nil:
		return n.operand.canonical(name)
	case n.call != nil:
		arg := ""
		switch {
		case n.arg == "":
		case n.call.name == "rescale":
			arg = `,"` + n.arg + `"`
		case n.call.name == "log":
			arg = "," + n.arg
		default:
			arg = ", " + n.arg
		}
		return n.call.name + "(" + canonical(n.left, name) + arg + ")"
	}
	return canonicalSide(n, n.left, false, name) + string(n.op) + canonicalSide(n, n.right, true, name)
}

// canonicalSide returns a side of an operator, in parentheses if it needs them.
func canonicalSide(n, side *node, right bool, name string) string {
	s := canonical(side, name)
	if side == nil || side.op == 0 {
		return s
	}
	below, own := priority(side.op), priority(n.op)
	if below < own || below == own && right {
		return "(" + s + ")"
	}
	return s
}

// priority is higher for operators that bind closer.
func priority(op byte) int {
	if op == '*' || op == '/' {
		return 1
	}
	return 0
}

func (o *operand) canonical(name string) string {
	if o.name != "" && !isPattern(o.name) {
		name = o.name
	}
	if o.where == nil {
		return name
	}
	return name + "{" + o.where.canonical() + "}"
}

func (c *condition) canonical() string {
	switch c.how {
	case both, either:
		return c.left.canonical() + string(c.how) + c.right.canonical()
	case exists:
		return c.key
	case equal, unequal, pattern:
		return c.key + string(c.how) + `"` + c.value + `"`
	}
	return c.key + string(c.how) + c.value
}

// isPattern reports whether a name has an asterisk or a question mark that is not escaped.
func isPattern(name string) bool {
	for i := range name {
		if (name[i] == '*' || name[i] == '?') && (i == 0 || name[i-1] != '%' && name[i-1] != '\\') {
			return true
		}
	}
	return false
}

// plainName returns a name without escapes.
func plainName(name string) string {
	return strings.NewReplacer(`\\`, `\`, `\*`, `*`, `\?`, `?`, `%*`, `*`, `%?`, `?`).Replace(name)
}
