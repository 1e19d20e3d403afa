package query

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// StepsError says that a subquery, or a range of times, has more steps than a
// query may hold samples. The engine reserves memory for each step, whether or not
// there is a sample.
type StepsError struct {
	Expr  string // the subquery; "" for the range of the whole query
	Steps int64
	Limit int
}

// Error names the numbers and the ways out.
func (e *StepsError) Error() string {
	what := "the range"
	if e.Expr != "" {
		what = "the subquery " + e.Expr
	}
	return fmt.Sprintf("%s has %d steps, more than the %d that the query may hold samples of: choose a longer step or a shorter range, or allow more samples", what, e.Steps, e.Limit)
}

// freeSteps is the number of steps that every query may have, however few samples it may
// hold. It is the limit of Prometheus' HTTP interface.
const freeSteps = 11_000

// checkSteps refuses a query with too many steps.
func checkSteps(q promql.Query, limit int) error {
	limit = max(limit, freeSteps)
	stmt, ok := q.Statement().(*parser.EvalStmt)
	if !ok {
		return nil
	}
	span := spanOf(stmt.Start.UnixMilli(), stmt.End.UnixMilli())
	if n := stepsIn(span, stmt.Interval.Milliseconds()); n > int64(limit) {
		return &StepsError{Steps: n, Limit: limit}
	}
	return checkNode(stmt.Expr, span, limit)
}

// spanOf returns the milliseconds between two times in milliseconds. It saturates, as
// clients name the smallest and the largest time there is.
func spanOf(start, end int64) int64 {
	if span := end - start; end < start || span >= 0 {
		return span
	}
	return math.MaxInt64
}

// checkNode checks the subqueries of an expression that is evaluated over a span of
// milliseconds.
func checkNode(node parser.Node, span int64, limit int) error {
	switch n := node.(type) {
	case *parser.StepInvariantExpr:
		span = 0 // it is evaluated once
	case *parser.SubqueryExpr:
		if span += n.Range.Milliseconds(); span < 0 {
			span = math.MaxInt64
		}
		step := n.Step.Milliseconds()
		if step == 0 {
			step = subqueryStep.Milliseconds()
		}
		if steps := stepsIn(span, step); steps > int64(limit) {
			return &StepsError{Expr: safetext.Elide(n.String(), longestExpr), Steps: steps, Limit: limit}
		}
	}
	for child := range parser.ChildrenIter(node) {
		if err := checkNode(child, span, limit); err != nil {
			return err
		}
	}
	return nil
}

// longestExpr is the number of characters of an expression in a message.
const longestExpr = 80

// stepsIn returns the number of steps in a span.
func stepsIn(span, step int64) int64 {
	if step <= 0 {
		return 1
	}
	return min(span/step, math.MaxInt64-1) + 1
}
