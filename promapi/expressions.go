package promapi

import (
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/query"
)

// formatQuery answers /format_query.
func formatQuery(r *request) (*reply, error) {
	expr, err := query.Parse(r.get("query"))
	if err != nil {
		return nil, invalid("query", syntax(err))
	}
	return jsonReply(expr.Pretty(0)), nil
}

// parseQuery answers /parse_query.
func parseQuery(r *request) (*reply, error) {
	expr, err := query.Parse(r.get("query"))
	if err != nil {
		return nil, invalid("query", syntax(err))
	}
	return jsonReply(tree(expr)), nil
}

// object is a node of an expression's tree as JSON.
type object = map[string]any

// tree returns an expression in the form of Prometheus' API.
func tree(expr parser.Expr) any {
	switch n := expr.(type) {
	case *parser.AggregateExpr:
		return object{"type": "aggregation", "op": n.Op.String(), "expr": tree(n.Expr), "param": tree(n.Param), "grouping": list(n.Grouping), "without": n.Without}
	case *parser.BinaryExpr:
		return object{"type": "binaryExpr", "op": n.Op.String(), "lhs": tree(n.LHS), "rhs": tree(n.RHS), "matching": matching(n.VectorMatching), "bool": n.ReturnBool}
	case *parser.Call:
		args := make([]any, len(n.Args))
		for i, arg := range n.Args {
			args[i] = tree(arg)
		}
		return object{"type": "call", "args": args, "func": object{
			"name": n.Func.Name, "argTypes": n.Func.ArgTypes, "variadic": n.Func.Variadic, "returnType": n.Func.ReturnType,
		}}
	case *parser.MatrixSelector:
		node := object{"type": "matrixSelector", "range": n.Range.Milliseconds(), "rangeExpr": durationTree(n.RangeExpr)}
		if v, ok := n.VectorSelector.(*parser.VectorSelector); ok {
			selectorTree(node, v)
		}
		return node
	case *parser.VectorSelector:
		node := object{"type": "vectorSelector"}
		selectorTree(node, n)
		return node
	case *parser.SubqueryExpr:
		return object{
			"type": "subquery", "expr": tree(n.Expr), "range": n.Range.Milliseconds(), "rangeExpr": durationTree(n.RangeExpr),
			"offset": n.OriginalOffset.Milliseconds(), "offsetExpr": durationTree(n.OriginalOffsetExpr),
			"step": n.Step.Milliseconds(), "stepExpr": durationTree(n.StepExpr), "timestamp": n.Timestamp, "startOrEnd": bound(n.StartOrEnd),
		}
	case *parser.DurationExpr:
		return durationTree(n)
	case *parser.NumberLiteral:
		return object{"type": "numberLiteral", "val": strconv.FormatFloat(n.Val, 'f', -1, 64)}
	case *parser.ParenExpr:
		return object{"type": "parenExpr", "expr": tree(n.Expr)}
	case *parser.StringLiteral:
		return object{"type": "stringLiteral", "val": n.Val}
	case *parser.UnaryExpr:
		return object{"type": "unaryExpr", "op": n.Op.String(), "expr": tree(n.Expr)}
	}
	return nil // no expression, such as an absent parameter
}

// selectorTree adds the fields of a selector to a node.
func selectorTree(node object, n *parser.VectorSelector) {
	node["name"], node["matchers"] = n.Name, matchers(n.LabelMatchers)
	node["offset"], node["offsetExpr"] = n.OriginalOffset.Milliseconds(), durationTree(n.OriginalOffsetExpr)
	node["timestamp"], node["startOrEnd"] = n.Timestamp, bound(n.StartOrEnd)
	node["anchored"], node["smoothed"] = n.Anchored, n.Smoothed
}

// matching returns how a binary operator matches series, nil if it does not.
func matching(m *parser.VectorMatching) any {
	if m == nil {
		return nil
	}
	return object{
		"card": m.Card.String(), "labels": list(m.MatchingLabels), "on": m.On, "include": list(m.Include),
		"fillValues": object{"lhs": m.FillValues.LHS, "rhs": m.FillValues.RHS},
	}
}

// durationTree returns a duration that is an expression, nil for one that is not.
func durationTree(expr parser.Expr) any {
	switch n := expr.(type) {
	case *parser.DurationExpr:
		if n == nil {
			return nil
		}
		return object{"type": "durationExpr", "op": n.Op.String(), "lhs": durationTree(n.LHS), "rhs": durationTree(n.RHS), "wrapped": n.Wrapped}
	case *parser.NumberLiteral:
		if n == nil {
			return nil
		}
		return object{"type": "numberLiteral", "val": strconv.FormatFloat(n.Val, 'f', -1, 64), "duration": n.Duration}
	}
	return tree(expr)
}

func matchers(all []*labels.Matcher) []object {
	out := make([]object, len(all))
	for i, m := range all {
		out[i] = object{"name": m.Name, "value": m.Value, "type": m.Type.String()}
	}
	return out
}

// list returns a copy of all that is never nil, so that JSON shows [] and not null.
func list(all []string) []string { return append([]string{}, all...) }

// bound returns the name of start() or end(), nil for neither.
func bound(item parser.ItemType) any {
	if item == 0 {
		return nil
	}
	return item.String()
}
