package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/summary"
)

// explainTime bounds the time that a verb reads to find the reasons of an empty
// answer.
const explainTime = 3 * time.Second

// reasonHints names the command that helps, by the kind of reason.
var reasonHints = map[summary.ReasonKind]string{
	summary.TextValues:   "; 'pcparchive dump' lists them, and 'export --strings info' exports them",
	summary.NoSuchLabels: "; 'pcparchive labels dump --merged' lists labels",
}

// explain prints on standard error why the hosts have no answer to a request.
func (h *hosts) explain(ctx context.Context, r summary.Request) {
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	for _, set := range h.Sets() {
		reasons, err := summary.Explain(ctx, set, r, h.zoneOf(set))
		if err != nil {
			return // reportProblems names damage; an explanation that takes long is not worth it
		}
		for _, reason := range reasons {
			line := reason.Text + reasonHints[reason.Kind]
			if len(h.Sets()) > 1 {
				line = "host " + set.Host() + ": " + line
			}
			fmt.Fprintln(h.s.err, line)
		}
	}
}

// didYouMean returns a second line for the message that a metric does not exist,
// with names that are similar, or "".
func (h *hosts) didYouMean(name string) string {
	names := h.SimilarMetrics(name)
	if len(names) == 0 {
		return ""
	}
	return "\ndid you mean " + strings.Join(names, ", ") + "?"
}

// reportRemarks prints the remarks of a query. Other messages report damage.
func (h *hosts) reportRemarks(e *query.Engine, expr parser.Expr, res *promql.Result) {
	for _, remark := range e.Remarks(expr, res) {
		if !errors.As(remark, new(*query.DamageWarning)) {
			fmt.Fprintf(h.s.err, "pcparchive: %v\n", remark)
		}
	}
}

// explain prints why the result of a query is empty.
func (o queryOptions) explain(ctx context.Context, h *hosts, e *query.Engine, expr parser.Expr, result parser.Value) {
	from, to, err := o.window(h)
	if err != nil {
		return // prepare has returned the error
	}
	why := e.Explain(expr, result, from.Time(), to.Time())
	if why == nil {
		return
	}
	if why.NoSample {
		fmt.Fprintln(h.s.err, "no matching series has a sample at that time or within the look-back before it; see --at and --lookback")
	}
	for _, m := range why.Unknown {
		similar := ""
		if len(m.Similar) > 0 {
			similar = "; similar names: " + strings.Join(m.Similar, ", ")
		}
		fmt.Fprintf(h.s.err, "no metric is called %s%s; 'pcparchive info --metrics' lists all\n", m.Name, similar)
	}
	for _, r := range why.Requests {
		h.explain(ctx, r)
	}
}
