package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/ruleeval"
)

// rulesFlag is the value of --rules.
type rulesFlag struct {
	files []string
	rules *ruleeval.Rules // nil without --rules
}

// addRulesFlag adds --rules to a command.
func addRulesFlag(cmd *cobra.Command, r *rulesFlag, usage string) {
	cmd.Flags().Var(r, "rules", usage)
}

// String returns the files' names.
func (r *rulesFlag) String() string { return strings.Join(r.files, ", ") }

// Set adds a file.
func (r *rulesFlag) Set(file string) (err error) {
	files := append(slices.Clone(r.files), file)
	rules, err := ruleeval.Load(files...)
	if err == nil {
		r.files, r.rules = files, rules
	}
	return err
}

// Type returns the placeholder of the value in help.
func (*rulesFlag) Type() string { return "file" }

// queryArgs returns the check of query's operands: with --rules there is no expression.
func queryArgs(o *queryOptions) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if o.rules.rules != nil {
			return nargs(1, -1, "archives, and no expression, with --rules")(cmd, args)
		}
		if o.server.address != "" {
			return nargs(1, 1, "an expression, and no archives, with --server")(cmd, args)
		}
		return nargs(2, -1, "an expression and archives")(cmd, args)
	}
}

// alertRow is an alert that fired, or is pending at the end. Its JSON form is an
// interface.
type alertRow struct {
	Alert       string            `json:"alert"`
	Group       string            `json:"group"`
	State       string            `json:"state"` // at the end
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	ActiveAt    time.Time         `json:"active_at"`
	FiredAt     *time.Time        `json:"fired_at"`
	ResolvedAt  *time.Time        `json:"resolved_at"`
	Value       string            `json:"value"`

	labels labels.Labels
}

// runRules prints when alerts would have fired.
func runRules(ctx context.Context, s streams, o queryOptions, paths []string) error {
	dir := o.cache.open()
	h, err := openHostsFrom(s, paths, dir)
	if err != nil {
		return err
	}
	h.ignoreTail, h.zones = true, o.zones
	start, end, err := parseRange(o.start, o.end, h)
	if err != nil {
		return err
	}
	cache := columns.NewCache(dir)
	defer func() {
		h.Remember()
		o.cache.reportFaults(s.err, dir)
	}()
	e := query.NewEngine(h.Sets(), query.Options{Lookback: o.lookback, MaxSamples: o.maxSamples, MaxBytes: int64(o.maxBytes), Timeout: cmp.Or(o.timeout, -1), Columns: cache})
	interval := max(o.step, 0) // autoStep stands for the default
	res, err := o.rules.rules.Evaluate(ctx, e, start.Time(), end.Time(), ruleeval.Options{Interval: interval, MaxSamples: o.maxSamples})
	if err != nil {
		return err
	}
	rows := alertRows(res)
	switch o.output {
	case outputJSON:
		err = writeJSON(s.out, map[string]any{"alerts": rows})
	case outputCSV:
		err = printAlertsCSV(s.out, rows, h.Location())
	default:
		err = printAlerts(s.out, rows, h.Location())
	}
	return cmp.Or(err, h.Unusable(), h.reportProblems(), reportRules(s, res))
}

// reportRules reports the rules that could not be evaluated.
func reportRules(s streams, res *ruleeval.Result) (err error) {
	for _, g := range res.Groups {
		for _, r := range g.Rules {
			if r.Err != nil {
				fmt.Fprintf(s.err, "%s: group %s: rule %s\n", safetext.Line(g.File), safetext.Line(g.Name), safetext.Line(queryError(r.Err).Error()))
				err = errSkipped
			}
		}
	}
	return err
}

// alertRows lists the alerts of all rules by time.
func alertRows(res *ruleeval.Result) []alertRow {
	rows := []alertRow{}
	for _, g := range res.Groups {
		for _, r := range g.Rules {
			for _, a := range r.Alerts {
				row := alertRow{
					Alert: r.Name, Group: g.Name, State: a.State(), Labels: a.Labels.Map(), Annotations: a.Annotations.Map(),
					ActiveAt: a.ActiveAt, FiredAt: known(a.FiredAt), ResolvedAt: known(a.ResolvedAt), Value: number(a.Value), labels: a.Labels,
				}
				delete(row.Labels, model.AlertNameLabel)
				rows = append(rows, row)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b alertRow) int { return a.ActiveAt.Compare(b.ActiveAt) })
	return rows
}

// known returns a pointer to a time, nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// printAlerts prints a table with a line for each alert.
func printAlerts(w io.Writer, rows []alertRow, zone *time.Location) error {
	tw := newTable(w)
	fmt.Fprintln(tw, "ALERT\tACTIVE\tFIRED\tRESOLVED\tVALUE")
	at := func(t *time.Time, otherwise string) string {
		if t == nil {
			return otherwise
		}
		return formatTime(pcp.TimestampOf(*t), zone)
	}
	for _, r := range rows {
		name := labels.NewBuilder(r.labels).Del(model.AlertNameLabel).Set(model.MetricNameLabel, r.Alert).Labels()
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", safetext.Line(seriesText(name)), at(&r.ActiveAt, ""), at(r.FiredAt, "pending"), at(r.ResolvedAt, r.State), safetext.Line(r.Value))
	}
	return tw.Flush()
}

// printAlertsCSV prints a line for each alert, with a column for each label.
func printAlertsCSV(w io.Writer, rows []alertRow, zone *time.Location) error {
	var table labelTable
	for _, r := range rows {
		table.learn(labels.FromMap(r.Labels))
	}
	lines := [][]string{table.line([]string{"alert", "group", "state", "active_at", "fired_at", "resolved_at"}, table.names(), "value")}
	at := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return csvTime(*t, zone)
	}
	for _, r := range rows {
		lead := []string{r.Alert, r.Group, r.State, at(&r.ActiveAt), at(r.FiredAt), at(r.ResolvedAt)}
		lines = append(lines, table.line(lead, table.values(labels.FromMap(r.Labels)), r.Value))
	}
	return csv.NewWriter(w).WriteAll(lines)
}
