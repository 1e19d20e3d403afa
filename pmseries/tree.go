package pmseries

import (
	"regexp"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// Expr is a parsed expression. It does not change. Several goroutines may use it.
type Expr struct {
	text  string
	root  *node
	timed bool // the operands have windows
}

// String returns the text that was parsed.
func (e *Expr) String() string { return e.text }

// node is a part of an expression: an operand, a number, a call of a function or the
// combination of two nodes by an operator.
type node struct {
	pos   int
	op    byte // one of + - * /; 0 for the others
	call  *function
	left  *node
	right *node

	number *float64
	arg    string    // second argument of a call as it was written
	units  pcp.Units // of rescale

	operand *operand
}

// operand selects series.
type operand struct {
	name   string // "" for any
	where  *condition
	window *Window // nil for none
}

// comparison is how a condition compares.
type comparison string

// The comparisons.
const (
	both     comparison = "&&"
	either   comparison = "||"
	equal    comparison = "=="
	unequal  comparison = "!="
	pattern  comparison = "~~"
	matching comparison = "=~"
	missing  comparison = "!~"
	less     comparison = "<"
	lessEq   comparison = "<="
	greater  comparison = ">"
	greatEq  comparison = ">="
	exists   comparison = "exists"
)

// subject is what a condition compares.
type subject int

// The subjects.
const (
	ofLabel subject = iota
	ofMetric
	ofInstance
	ofSource
)

// condition is a qualifier, or two joined.
type condition struct {
	how         comparison
	left, right *condition // of both and either

	about  subject
	key    string // as it was written
	label  string // of ofLabel
	value  string
	quoted bool
	number *float64       // the value if it is a number
	re     *regexp.Regexp // of matching and missing
}

// about says what a name in a qualifier means.
func aboutName(name string) (about subject, label string) {
	for _, p := range []struct {
		prefix string
		about  subject
	}{
		{"instance.", ofInstance}, {"inst.", ofInstance}, {"i.", ofInstance},
		{"metric.", ofMetric}, {"m.", ofMetric},
		{"context.", ofSource}, {"source.", ofSource}, {"c.", ofSource}, {"s.", ofSource},
	} {
		if rest, ok := strings.CutPrefix(name, p.prefix); ok && (rest == "name" || rest == "path") {
			return p.about, ""
		}
	}
	for _, prefix := range []string{"label.", "l."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			return ofLabel, rest
		}
	}
	return ofLabel, name
}

// operands visits the operands from left to right.
func (n *node) operands(visit func(*operand)) {
	if n == nil {
		return
	}
	if n.operand != nil {
		visit(n.operand)
	}
	n.left.operands(visit)
	n.right.operands(visit)
}
