package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// arePromQL reports whether operands that are the names of no metrics are expressions: at
// least one has a character that no name has.
func arePromQL(operands []string) bool {
	for _, o := range operands {
		if _, err := query.Parse(o); err != nil || strings.HasPrefix(o, ":") {
			return false
		}
	}
	return slices.ContainsFunc(operands, func(o string) bool { return strings.ContainsAny(o, "({_+*/") })
}

// printPromQL evaluates expressions over the window and prints their values.
func printPromQL(ctx context.Context, s streams, o valuesOptions, h *hosts, exprs []string) error {
	h.zones = o.zones
	from, to, err := parseRange(o.start, o.end, o.zones.over(h))
	if err != nil {
		return err
	}
	step := cmp.Or(o.step, max(to.Sub(from)/100, time.Second).Round(time.Second))
	e := query.NewEngine(h.Sets(), query.Options{})
	var all []values.Computed
	for _, expr := range exprs {
		series, err := evaluate(ctx, e, expr, from.Time(), ceilMilli(to), step)
		if err != nil {
			return cmp.Or(h.Unusable(), queryError(err))
		}
		if len(series) == 0 {
			fmt.Fprintf(s.err, "%s has no values\n", expr)
		}
		all = append(all, series...)
	}
	p := &valuesPrinter{valuesOptions: o, chosen: &chosenMetrics{}, computed: values.NewComputed(all), ctx: ctx, out: s.out, hosts: h}
	return cmp.Or(p.print(), h.Unusable(), h.reportProblems())
}

// evaluate returns the series of an expression.
func evaluate(ctx context.Context, e *query.Engine, expr string, from, to time.Time, step time.Duration) (all []values.Computed, err error) {
	q, err := e.Range(ctx, expr, from, to, step)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	matrix, ok := res.Value.(promql.Matrix)
	if !ok {
		return nil, usageError{fmt.Errorf("%s: %s has no values over time", expr, res.Value.Type())}
	}
	for _, s := range matrix {
		c := values.Computed{Name: seriesText(s.Metric), Values: make(map[pcp.Timestamp]float64, len(s.Floats))}
		if s.Metric.IsEmpty() {
			c.Name = expr
		}
		for _, f := range s.Floats {
			c.Values[pcp.TimestampMilli(f.T)] = f.F
		}
		all = append(all, c)
	}
	return all, nil
}

// hostOf returns the host of values: none for those of an expression, which may come from
// several.
func (p *valuesPrinter) hostOf(set *store.Set) string {
	if p.computed != nil {
		return ""
	}
	return set.Host()
}

// sources are the hosts whose rows are printed one after the other.
func (p *valuesPrinter) sources() []*store.Set {
	if p.computed != nil {
		return p.hosts.Sets()[:1]
	}
	return p.hosts.Sets()
}
