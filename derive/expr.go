package derive

import (
	"regexp"
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// Expr is a parsed expression. It does not change, and several goroutines may use it.
type Expr struct {
	text string
	root *node
}

// String returns the text of the expression.
func (e *Expr) String() string { return e.text }

// node is a part of an expression.
type node struct {
	kind  kind
	text  string // of a name or a number
	parts []*node
	desc  desc           // of a constant, of rescale the units
	bits  uint64         // of a constant
	match *regexp.Regexp // of a filter; nil for an exact name
	exact string         // of a filter
	not   bool           // the filter keeps what does not match
}

// desc is what a metric's descriptor says of its values.
type desc struct {
	typ   pcp.Type
	indom pcp.InDomID
	sem   pcp.Semantics
	units pcp.Units
}

// Names returns the names of the metrics in the expression, each once.
func (e *Expr) Names() []string {
	var names []string
	var walk func(n *node)
	walk = func(n *node) {
		if n.kind == kindName && !slices.Contains(names, n.text) {
			names = append(names, n.text)
		}
		for _, p := range n.parts {
			walk(p)
		}
	}
	walk(e.root)
	return names
}
