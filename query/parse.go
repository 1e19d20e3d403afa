package query

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/lazyregexp"
)

// dottedName matches PCP's metric names, which are invalid in PromQL.
var dottedName = lazyregexp.New(`[A-Za-z_]\w*(\.[A-Za-z_]\w*)+`)

// SyntaxError says that an expression is not PromQL.
type SyntaxError struct {
	Err error // of Prometheus' parser
	// Suggestion is the expression with PCP's dotted names replaced by their names in
	// PromQL, if that makes it valid, else "".
	Suggestion string
}

// Error returns the parser's error and the suggestion.
func (e *SyntaxError) Error() string {
	if e.Suggestion == "" {
		return fmt.Sprintf("expression: %v", e.Err)
	}
	return fmt.Sprintf("expression: %v; in PromQL names have underscores for dots: %s", e.Err, e.Suggestion)
}

// Unwrap returns the parser's error.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse parses an expression. The error is a [*SyntaxError] or a [*TermsError].
func Parse(expr string) (parser.Expr, error) {
	if err := checkTerms(expr); err != nil {
		return nil, err
	}
	p := parser.NewParser(parser.Options{})
	parsed, err := p.ParseExpr(expr)
	if err == nil {
		return parsed, nil
	}
	e := &SyntaxError{Err: err}
	meant := dottedName().ReplaceAllStringFunc(expr, naming.PrometheusName)
	if _, err := p.ParseExpr(meant); err == nil && meant != expr {
		e.Suggestion = meant
	}
	return nil, e
}

// metricNames returns the metrics that an expression names.
func metricNames(expr parser.Expr) (names []string) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, m := range v.LabelMatchers {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && !slices.Contains(names, m.Value) {
				names = append(names, m.Value)
			}
		}
		return nil
	})
	return names
}

// filters reports whether an expression compares samples or combines sets. Its
// result may then be empty although every series has samples.
func filters(expr parser.Expr) (found bool) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if b, ok := node.(*parser.BinaryExpr); ok {
			found = found || b.Op.IsComparisonOperator() || b.Op.IsSetOperator()
		}
		return nil
	})
	return found
}
