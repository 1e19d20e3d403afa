package nativemap

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// term is one selector in a source.
type term struct {
	name     string
	matchers []*labels.Matcher
	factor   float64
	combine  native.Combine
	pick     native.Picker
	part     int // see native.Place.Part
}

// matches reports whether a series of the term's name has its labels.
func (t *term) matches(series []prom.Label) bool {
	for _, m := range t.matchers {
		if !m.Matches(valueOf(series, m.Name)) {
			return false
		}
	}
	return true
}

var errSource = errors.New("want sums of series, each times a number")

// parseSource reads a source: PromQL that is linear in its series, or a quotient
// of two such.
func parseSource(text string) ([]term, error) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return nil, err
	}
	terms, err := alternatives(expr)
	if err != nil {
		return nil, err
	}
	if len(terms) > 64 {
		return nil, fmt.Errorf("%d series, more than 64", len(terms))
	}
	if len(terms) > 1 {
		for i := range terms {
			if terms[i].combine == native.CombineNot {
				terms[i].combine = native.CombineSum
			}
		}
	}
	return terms, nil
}

// alternatives returns the terms of an expression, or of "sum or 0": there the
// second operand gives 0, to which the first adds its value. One of the two is
// enough for a value.
func alternatives(expr parser.Expr) ([]term, error) {
	e, ok := expr.(*parser.BinaryExpr)
	if !ok || e.Op != parser.LOR {
		terms, err := linear(expr)
		for i := range terms {
			terms[i].part = i
		}
		return terms, err
	}
	first, err := linear(e.LHS)
	if err != nil {
		return nil, err
	}
	second, err := linear(e.RHS)
	if err != nil {
		return nil, err
	}
	all := append(first[:len(first):len(first)], second...)
	if len(all) != 2 || all[0].combine != native.CombineSum || all[1].combine != native.CombineSum || all[1].factor != 0 {
		return nil, fmt.Errorf("%s: want a sum before or, and a sum times 0 after it: %w", e, errSource)
	}
	all[1].factor, all[1].pick = 1, func(float64) (float64, bool) { return 0, true }
	return all, nil
}

// parts returns the number of parts of the terms.
func parts(terms []term) int {
	n := 0
	for i := range terms {
		n = max(n, terms[i].part+1)
	}
	return n
}

// linear returns the terms of an expression.
func linear(expr parser.Expr) ([]term, error) {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return linear(e.Expr)
	case *parser.StepInvariantExpr:
		return linear(e.Expr)
	case *parser.VectorSelector:
		return selector(e)
	case *parser.AggregateExpr:
		terms, err := linear(e.Expr)
		if err != nil {
			return nil, err
		}
		switch {
		case e.Op == parser.SUM:
			return withCombine(terms, native.CombineSum), nil
		case e.Op == parser.COUNT && len(terms) == 1:
			return withCombine(terms, native.CombineCount), nil
		}
	case *parser.BinaryExpr:
		return binary(e)
	}
	return nil, fmt.Errorf("%s: %w", expr, errSource)
}

// selector returns the term of a selector. In an info family a new series replaces
// the previous one.
func selector(e *parser.VectorSelector) ([]term, error) {
	t := term{name: e.Name, factor: 1}
	if strings.HasSuffix(e.Name, "_info") {
		t.combine = native.CombineLast
	}
	for _, m := range e.LabelMatchers {
		if m.Name != model.MetricNameLabel {
			t.matchers = append(t.matchers, m)
		}
	}
	if e.Name == "" || e.OriginalOffset != 0 || e.Timestamp != nil {
		return nil, fmt.Errorf("%s: %w", e, errSource)
	}
	return []term{t}, nil
}

func withCombine(terms []term, c native.Combine) []term {
	for i := range terms {
		terms[i].combine = c
	}
	return terms
}

// binary returns the terms of two operands.
func binary(e *parser.BinaryExpr) ([]term, error) {
	left, leftIs := number(e.LHS)
	right, rightIs := number(e.RHS)
	switch {
	case e.Op == parser.MUL && leftIs:
		return times(e.RHS, left)
	case e.Op == parser.MUL && rightIs:
		return times(e.LHS, right)
	case e.Op == parser.DIV && rightIs:
		return times(e.LHS, 1/right)
	case e.Op == parser.ADD && !leftIs && !rightIs:
		return operandTerms(e, 1, native.CombineNot)
	case e.Op == parser.SUB && !leftIs && !rightIs:
		return operandTerms(e, -1, native.CombineNot)
	case e.Op == parser.MUL:
		return operandTerms(e, 1, native.CombineTimes)
	case e.Op == parser.DIV && !leftIs:
		return operandTerms(e, 1, native.CombineOver)
	case (e.Op == parser.MOD || e.Op == parser.GTE) && rightIs:
		return pickedTerm(e, right)
	}
	return nil, fmt.Errorf("%s: %w", e, errSource)
}

// number returns the value of an expression that is one.
func number(e parser.Expr) (float64, bool) {
	n, ok := e.(*parser.NumberLiteral)
	if !ok {
		return 0, false
	}
	return n.Val, true
}

func times(e parser.Expr, factor float64) ([]term, error) {
	terms, err := linear(e)
	for i := range terms {
		if terms[i].combine < native.CombineTimes {
			terms[i].factor *= factor
		}
	}
	return terms, err
}

// operandTerms returns the terms of both operands; sign multiplies the right ones.
func operandTerms(e *parser.BinaryExpr, sign float64, right native.Combine) ([]term, error) {
	a, err := linear(e.LHS)
	if err != nil {
		return nil, err
	}
	b, err := times(e.RHS, sign)
	if err != nil {
		return nil, err
	}
	for _, t := range append(a[:len(a):len(a)], b...) {
		if t.combine >= native.CombineCount {
			return nil, fmt.Errorf("%s: a product, a quotient or a count stands alone: %w", e, errSource)
		}
	}
	if right == native.CombineTimes && len(b) > 1 {
		return nil, fmt.Errorf("%s: want one series after *: %w", e, errSource)
	}
	if right != native.CombineNot {
		withCombine(b, right)
	}
	return append(a, b...), nil
}

// pickedTerm returns the term of a series before >= or %, with the operator as its
// Picker.
func pickedTerm(e *parser.BinaryExpr, n float64) ([]term, error) {
	terms, err := linear(e.LHS)
	if err != nil {
		return nil, err
	}
	if len(terms) != 1 || terms[0].factor != 1 || terms[0].pick != nil {
		return nil, fmt.Errorf("%s: want one series before %s: %w", e, e.Op, errSource)
	}
	terms[0].pick = func(v float64) (float64, bool) { return v, v >= n }
	if e.Op == parser.MOD {
		terms[0].pick = func(v float64) (float64, bool) { return math.Mod(v, n), true }
	}
	return terms, nil
}
