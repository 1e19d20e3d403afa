package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
)

// pcpName is a name with dots, which PromQL knows none of.
var pcpName = regexp.MustCompile(`[A-Za-z_]\w*(\.[A-Za-z_]\w*)+`)

// parseExpr parses an expression. Where PCP's own names are the mistake the
// error tells what they are in PromQL.
func parseExpr(expr string) (parser.Expr, error) {
	p := parser.NewParser(parser.Options{})
	e, err := p.ParseExpr(expr)
	if err == nil {
		return e, nil
	}
	err = fmt.Errorf("expression: %w", err)
	meant := pcpName.ReplaceAllStringFunc(expr, naming.PrometheusName)
	if _, e := p.ParseExpr(meant); e == nil && meant != expr {
		err = fmt.Errorf("%w; in PromQL names have underscores for dots: %s", err, meant)
	}
	return nil, usageError{err}
}

// asked are the metrics that an expression names.
func asked(e parser.Expr) (names []string) {
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
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

// semantics returns what the metrics of archives are, by their names in PromQL.
func (h *hosts) semantics() map[string]pcp.Semantics {
	all := map[string]pcp.Semantics{}
	for r := range h.Readers() {
		for d := range r.Meta().Metrics() {
			all[naming.SampleName(r.Meta(), d)] = d.Sem
			for i := 1; i < len(d.Names); i++ {
				all[naming.PrometheusName(d.Names[i])] = d.Sem
			}
		}
	}
	return all
}

// sayRemarks prints what the engine remarked and, of an empty result, why that
// may be.
func (h *hosts) sayRemarks(expr parser.Expr, res *promql.Result) {
	names := asked(expr)
	for _, w := range res.Warnings.AsErrors() {
		switch {
		case errors.As(w, new(*query.DamageWarning)): // said elsewhere
		case errors.Is(w, annotations.PossibleNonCounterInfo) && h.onlyCounters(names):
		default:
			fmt.Fprintf(h.s.err, "pcparchive: %v\n", w)
		}
	}
	if len(names) == 0 || !isEmpty(res.Value) {
		return
	}
	known := h.semantics()
	if !filters(expr) && !slices.ContainsFunc(names, func(n string) bool { _, ok := known[n]; return !ok }) {
		fmt.Fprintln(h.s.err, "no series that matches has a sample at that time, or as far back as the expression looks; see --at and --lookback")
	}
	for _, name := range names {
		if _, ok := known[name]; ok {
			continue
		}
		fmt.Fprintf(h.s.err, "no metric is called %s", name)
		if like := alike(name, known); len(like) > 0 {
			fmt.Fprintf(h.s.err, ", but %s", strings.Join(like, ", "))
		}
		fmt.Fprintln(h.s.err, "; 'pcparchive info --metrics' lists all")
	}
}

// onlyCounters reports whether PCP knows metrics to be counters, which their
// names do not tell.
func (h *hosts) onlyCounters(names []string) bool {
	known := h.semantics()
	return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return known[n] != pcp.SemCounter })
}

// filters reports whether an expression leaves samples out by their values or by
// those of others, so that an empty answer is one.
func filters(e parser.Expr) (found bool) {
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if b, ok := node.(*parser.BinaryExpr); ok {
			found = found || b.Op.IsComparisonOperator() || b.Op.IsSetOperator()
		}
		return nil
	})
	return found
}

func isEmpty(v parser.Value) bool {
	switch v := v.(type) {
	case promql.Vector:
		return len(v) == 0
	case promql.Matrix:
		return len(v) == 0
	}
	return false
}

// alike returns a few names that may have been meant: those that contain what was
// asked for, or that differ in a letter or two.
func alike(name string, known map[string]pcp.Semantics) (like []string) {
	for k := range known {
		if strings.Contains(k, name) || distance(k, name) <= 2 {
			like = append(like, k)
		}
	}
	slices.SortFunc(like, func(a, b string) int {
		if d := distance(a, name) - distance(b, name); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return like[:min(len(like), 3)]
}

// distance returns how many letters must be changed, added, taken away or
// swapped with the next to make one name of another.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
