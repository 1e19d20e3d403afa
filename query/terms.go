package query

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// TermsError reports an expression with too many operators and parentheses. Parser and
// engine descend into an expression by recursion, so that nesting takes stack, which
// cannot be limited otherwise.
type TermsError struct {
	Limit int
}

// Error returns the limit and the way out.
func (e *TermsError) Error() string {
	return fmt.Sprintf("the expression has more than %d operators and parentheses: split it into several queries", e.Limit)
}

// maxTerms is the largest number of operators and parentheses in an expression, and so
// a bound of its depth.
const maxTerms = 10_000

// checkTerms rejects an expression that may be too deep.
func checkTerms(expr string) error {
	if len(expr) <= maxTerms {
		return nil
	}
	lexer, n := parser.Lex(expr), 0
	var item parser.Item
	for {
		lexer.NextItem(&item)
		switch {
		case item.Typ == parser.EOF || item.Typ == parser.ERROR:
			return nil
		case item.Typ.IsOperator() || item.Typ == parser.LEFT_PAREN:
			if n++; n > maxTerms {
				return &TermsError{maxTerms}
			}
		}
	}
}
